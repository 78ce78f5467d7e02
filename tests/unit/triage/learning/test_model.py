"""What was learned, asked about one ticket: sums by hand, who can win, and what it says."""

import math
from functools import partial

import numpy as np
import pytest
from desk_contracts.value_types import Priority
from desk_triage.changes.snapshot import EMPTY
from desk_triage.learning.decide import predict_team
from desk_triage.learning.evaluation import attempt_all
from desk_triage.learning.features import extract_features, hash_shown, make_features
from desk_triage.learning.model import LearnedModel, Nearest, Word
from desk_triage.learning.packed import pack
from desk_triage.routing.assignment import route
from desk_triage.routing.model import Routing
from pydantic import ValidationError

from tests.support.spoken import codes, english
from tests.support.triage_desk import CHARTER, MONDAY, TriageDesk, opened
from tests.support.triage_history import TEAM, features, list_past, ticket
from tests.support.triage_model import MODEL, WEIGHTS, linear, model, scorer


def decided(title: str, by: LearnedModel | None = MODEL, **more: object) -> Routing:
    predict = partial(predict_team, by)
    return route("t-1", ticket(title, 0, **more), MONDAY, CHARTER, EMPTY, predict)


def texts(decision: Routing) -> list[str]:
    return [
        english(reason) for reason in decision.explanation if reason.code.startswith("learned.")
    ]


def test_shares_are_the_sums_by_hand() -> None:
    # Two known words: their weights are divided by the root of two.
    root = math.sqrt(2)
    sums = (-1.0, 0.5 + 5.0 / root, 0.0, 0.0)
    raised = [math.exp(entry) for entry in sums]
    expected = [item / sum(raised) for item in raised]
    expected_workplace = math.exp(0.0 + (0.5 - 0.5) / root)
    assert expected_workplace == raised[2]
    result = scorer().read(features("branch", "is", "antenna")).shares
    assert result.tolist() == pytest.approx(expected, abs=0.01)
    assert sum(result) == pytest.approx(1)


def test_a_sure_team_takes_the_ticket_and_says_why() -> None:
    result = decided("Branch: antenna collapses")
    assert (result.team, result.category, result.priority) == ("network", "other", Priority.P4)
    assert result.rule == f"learned:{MODEL.version}"
    assert texts(result) == [
        "Tickets with the word “antenna” were finished by Network and remote access in 38 of 41"
        " cases.",
        "Tickets with the word “branch” were finished by Network and remote access in 12 of 15"
        " cases.",
        f"What was learned from 1,234 finished tickets is 95% sure (model {MODEL.version}); when it"
        " was tried, 187 of 200 such decisions were right.",
    ]


def test_what_a_ticket_states_is_told_as_what_it_is() -> None:
    result = route(
        "t", ticket("A antenna", site="Oslo"), MONDAY, CHARTER, EMPTY, partial(predict_team, MODEL)
    )
    assert any("the site “oslo”" in text and "in 9 of 10 cases." in text for text in texts(result))


def test_below_the_threshold_a_person_decides_and_gets_the_first_three_with_reasons() -> None:
    result = decided("A branch and a hinge, or an antenna", by=model(threshold=0.99))
    assert result.is_deferred
    assert result.team == CHARTER.routing.default_team
    first, second = result.proposals
    assert (first.team, second.team) == ("network", "workplace")
    assert 0.99 > first.probability > second.probability > 0.2
    assert texts(result) == [
        f"1. Network and remote access: {first.probability:.0%} probable by what was learned from"
        f" finished tickets (model {model(threshold=0.99).version}).",
        *map(english, first.reasons),
        f"2. Workplace: {second.probability:.0%} probable by what was learned from finished tickets"
        f" (model {model(threshold=0.99).version}).",
        *map(english, second.reasons),
    ]
    assert "“antenna”" in english(first.reasons)
    assert "“hinge”" in english(second.reasons)
    assert (result.rule, result.model) == ("", "")


def test_of_four_teams_the_first_three_are_proposed_and_tried() -> None:
    teams = ("network", "workplace", "identity", "business-apps")
    four = model(
        names=("", *teams),
        linear=linear({"fax": {1: 1.0}}, bias=(-1.0, 4.0, 3.0, 2.0, 1.0), names=5),
        words={},
        threshold=1.0,
    )
    proposals = predict_team(four, ticket("fax"), CHARTER).proposals
    assert [item.team for item in proposals] == ["network", "workplace", "identity"]
    example = list_past()[0]._replace(features=features("fax"))
    (attempt,) = attempt_all(four.team, [example], TEAM)
    assert attempt.first == ("network", "workplace", "identity")


def test_a_model_that_may_not_act_alone_proposes_what_it_is_certain_of() -> None:
    result = decided("Antenna", by=model(threshold=1.0))
    assert result.is_deferred
    assert result.proposals[0].team == "network"


def test_without_any_known_word_nothing_is_guessed_from_frequency_alone() -> None:
    result = decided("Hm", by=model(linear=linear(bias=(0.0, 9.0, 0.0, 0.0))))
    assert result.is_deferred
    assert codes(result.explanation)[0] == "learned.nothing-fits"


def test_a_team_that_is_gone_cannot_win_and_makes_nobody_else_sure() -> None:
    result = decided("The fax is broken")
    assert result.is_deferred
    assert all("disbanded" not in text for text in texts(result))


def test_with_no_model_all_is_as_before() -> None:
    result = decided("Branch: antenna collapses", by=None)
    assert result.is_deferred
    assert codes(result.explanation) == ["routing.unrouted", "routing.on-shift"]


@pytest.mark.parametrize("title", ["VPN antenna", "The printer has a hinge", "Call about a lead"])
def test_rules_and_spoken_services_come_first(title: str) -> None:
    without, wanted = decided(title, by=None), decided(title)
    if not without.is_deferred:
        assert wanted == without
    named = route(
        "t",
        ticket("A antenna", service="crm"),
        MONDAY,
        CHARTER,
        EMPTY,
        partial(predict_team, MODEL),
    )
    assert (named.team, named.rule) == ("business-apps", "")


def test_what_rules_said_is_kept_beside_what_was_learned() -> None:
    result = decided("Call about a lead in the antenna")
    assert result.team == "network"
    assert result.explanation[0].code == "routing.ambiguous-service"


def test_the_category_is_told_only_if_it_is_sure() -> None:
    sorts = scorer(names=("", "antennas", "roads", "x"))
    both = LearnedModel(precision=0.9, team=scorer(), category=sorts).sign()
    assert decided("A antenna", by=both).category == "antennas"
    unsure = both.model_copy(update={"category": sorts.model_copy(update={"threshold": 0.999})})
    assert decided("A antenna", by=unsure).category == "other"


def test_words_and_what_is_stated_are_read_and_the_tickets_own_number_is_not() -> None:
    emitted = ticket(
        "Drucker-Fehler", description="Nichts geht", attributes={"number": "7", "floor": "3rd"}
    )
    assert extract_features(emitted).words == (
        "drucker",
        "fehler",
        "geht",
        "nichts",
        "channel=mail",
        "floor=3rd",
        "kind=incident",
    )


def test_the_nearest_solved_tickets_count_and_are_told() -> None:
    """Six tickets said “antenna”: five were finished by workplace, whatever the weights say."""
    words = sorted(WEIGHTS, key=hash_shown)
    counts = [6 * (word == "antenna") for word in words]
    nearest = Nearest(
        share=0.5,
        names=pack(np.array([2, 2, 2, 2, 2, 1]), np.uint16),
        counts=pack(np.array(counts), np.uint32),
        tickets=pack(np.arange(6), np.uint32),
        shares=pack(np.full(6, 65_535), np.uint16),
    )
    near = scorer(nearest=nearest)
    alone, both = (
        dict(item.rank(features("antenna"), {"network", "workplace"})) for item in (scorer(), near)
    )
    assert both["workplace"] == pytest.approx((alone["workplace"] + 5 / 6) / 2, abs=1e-5)
    result = decided("An antenna", by=LearnedModel(precision=0.9, team=near).sign())
    of_workplace = next(item for item in result.proposals if item.team == "workplace")
    assert "Of the 6 most similar finished tickets Workplace finished 5." in map(
        english, of_workplace.reasons
    )
    # What nobody like it ever said leaves the word to the weights.
    assert near.rank(features("hinge"), {"workplace"}) == scorer().rank(
        features("hinge"), {"workplace"}
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"linear": linear(bias=(1.0,))},
        {"names": ()},
        {"names": ("a", "a", "b", "c")},
        {"words": {"a": (1, ((9, 1),))}},
        {"linear": linear().model_dump() | {"bias": (math.nan, 0.0, 0.0, 0.0)}},
        {"linear": linear().model_dump() | {"weights": "no base64!"}},
        {"linear": linear().model_dump() | {"weights": linear().weights[:-8]}},
        {"linear": linear().model_dump() | {"weights": pack(np.zeros(3), np.int8)}},
        {"linear": linear().model_dump() | {"rarity": pack(np.zeros(2), np.uint16)}},
        {"threshold": 0.0},
    ],
)
def test_a_scorer_that_does_not_fit_together_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        scorer(**wrong)


def test_a_version_stands_for_what_the_model_says() -> None:
    assert model().version == MODEL.version
    assert model(threshold=0.91).version != MODEL.version


def test_a_model_has_the_same_version_on_every_desk_of_every_release() -> None:
    """By its text in UTF-8, keys in order, without blanks: decisions of long ago name it."""
    written = model(words={"störung": Word(10, ((1, 9), (2, 1)))})
    assert written.version == "03bb3f0ae905f5b6"


def test_the_two_words_that_say_most_are_told() -> None:
    stated = make_features(["antenna", "branch"], [], {"site": "oslo"})
    assert len(scorer().find_evidence(stated, "network", 9)) == 3
    result = decided("Branch: antenna collapses", site="oslo")
    words = [item.code for item in result.explanation if item.code == "learned.evidence"]
    assert len(words) == 2


async def test_the_service_asks_the_model_that_is_in_force() -> None:
    desk = TriageDesk(model=MODEL)
    event = opened("Branch antenna collapses", ticket="t-1")
    await desk.feed(event)
    document = (await desk.tickets.load(["t-1"]))["t-1"]
    assert document.state is not None
    assert document.state.decision.rule == f"learned:{MODEL.version}"
    assert document.state.team == "network"


def test_it_says_only_what_it_holds() -> None:
    untold = model(evaluation=None, words={"antenna": Word(1_000, ((1, 990),))})
    result = decided("An antenna", by=untold)
    (text,) = texts(result)
    assert text.endswith(f"sure (model {untold.version}).")


def test_one_team_alone_that_is_too_unlikely_is_proposed() -> None:
    lonely = model(
        names=("", "network", "gone", "disbanded"), linear=linear(bias=(2.0, 0.0, 0.0, 0.0))
    )
    result = decided("The branch", by=lonely)
    assert [item.team for item in result.proposals] == ["network"]
    assert result.is_deferred


@pytest.mark.parametrize(("weight", "probability"), [(60.0, 0.99), (8.0, 0.99), (2.0, 0.71)])
def test_however_sure_it_is_no_certainty_is_told(weight: float, probability: float) -> None:
    surest = model(linear=linear({"fax": {1: weight}}, bias=(0.0, 0.0, 0.0, 0.0)))
    predicted = predict_team(surest, ticket("fax"), CHARTER)
    assert predicted.proposals[0].probability == probability
