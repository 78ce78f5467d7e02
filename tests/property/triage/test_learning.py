"""Whatever is learned: probabilities add up, order is nothing, and nobody unknown wins."""

import math
from datetime import date
from functools import partial

from desk_contracts.events.tickets import TicketOpened
from desk_triage.changes.snapshot import EMPTY
from desk_triage.learning.dataset import prepare, split_by_weeks, train
from desk_triage.learning.decide import predict_team
from desk_triage.learning.examples import TrainingExample
from desk_triage.learning.features import extract_features
from desk_triage.learning.model import LearnedModel, Scorer, Word
from desk_triage.learning.store import write_text
from desk_triage.routing.assignment import route
from hypothesis import given
from hypothesis import strategies as st

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER, MONDAY
from tests.support.triage_history import MEANS, features, list_past
from tests.support.triage_model import linear
from tests.support.triage_tickets import tickets

PAST = list_past()
TEAMS = [team.name for team in CHARTER.teams]
WORDS = ["antenna", "hinge", "ledger", "odd", "kind=incident", "channel=mail", "site=oslo"]
weights = st.floats(-30, 30)


@st.composite
def scorers(draw: st.DrawFn) -> Scorer:
    names = draw(st.lists(st.sampled_from(["", "gone", *TEAMS]), min_size=2, unique=True))
    indexes = st.integers(0, len(names) - 1)
    table = st.dictionaries(indexes, weights.filter(lambda weight: abs(weight) > 0.01), min_size=1)
    counts = st.dictionaries(indexes, st.integers(1, 50)).map(
        lambda counted: tuple(counted.items())
    )
    bias = tuple(draw(st.lists(weights, min_size=len(names), max_size=len(names))))
    return Scorer(
        tickets=500,
        since=date(2025, 1, 1),
        until=date(2025, 9, 1),
        names=tuple(names),
        threshold=draw(st.floats(0.01, 1)),
        linear=linear(draw(st.dictionaries(st.sampled_from(WORDS), table)), bias, len(names)),
        words=draw(
            st.dictionaries(st.sampled_from(WORDS), st.builds(Word, st.integers(50, 90), counts))
        ),
    )


models = scorers().map(lambda scorer: LearnedModel(precision=0.9, team=scorer).sign())


@given(scorer=scorers(), tokens=st.lists(st.sampled_from(WORDS), unique=True))
def test_shares_are_a_whole_and_ranked(scorer: Scorer, tokens: list[str]) -> None:
    ticket = features(*(token for token in tokens if "=" not in token))
    probabilities = scorer.read(ticket).shares
    assert math.isclose(math.fsum(probabilities), 1)
    assert all(0 <= item <= 1 for item in probabilities)
    result = scorer.rank(ticket, TEAMS)
    assert {entry.name for entry in result} <= set(TEAMS)
    assert [item.probability for item in result] == sorted(
        (item.probability for item in result), reverse=True
    )


@given(model=models, ticket=tickets)
def test_every_ticket_still_gets_a_team_of_the_charter_and_a_reason(
    model: LearnedModel, ticket: TicketOpened
) -> None:
    result = route("t-1", ticket, MONDAY, CHARTER, EMPTY, partial(predict_team, model))
    without = route("t-1", ticket, MONDAY, CHARTER, EMPTY)
    assert result.team in TEAMS
    assert all(english(reason) for reason in result.explanation)
    assert route("t-1", ticket, MONDAY, CHARTER, EMPTY, partial(predict_team, model)) == result
    if not without.is_deferred:
        assert result == without
    elif not result.is_deferred:
        assert result.rule == f"learned:{model.version}"
        assert result.category
        assert max(model.team.read(extract_features(ticket)).shares) >= model.team.threshold - 1e-6


@given(model=models)
def test_a_model_reads_back_as_it_was_written(model: LearnedModel) -> None:
    assert LearnedModel.model_validate_json(write_text(model)) == model


@given(order=st.permutations(range(60)))
def test_the_order_of_tickets_teaches_nothing(order: list[int]) -> None:
    some = [PAST[place] for place in order]

    def team(example: TrainingExample) -> str:
        return example.team

    some.sort(key=lambda example: (example.opened_at, example.ticket))
    assert train(prepare(some, team), MEANS, 1.0) == train(prepare(PAST[:60], team), MEANS, 1.0)


@given(places=st.sets(st.integers(0, len(PAST) - 1), max_size=300))
def test_parts_never_overlap_in_time(places: set[int]) -> None:
    split = split_by_weeks([PAST[place] for place in sorted(places)])
    if split is None:
        return
    for early, late in ((split.training, split.calibration), (split.calibration, split.evaluation)):
        assert not (early and late) or max(o.finished_at for o in early) < min(
            o.opened_at for o in late
        )
    assert split.evaluation
