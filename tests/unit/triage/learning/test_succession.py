"""Which model is in force: a challenger has to win, a pinned one stays, old ones come back."""

from datetime import timedelta
from pathlib import Path

import pytest
from desk_contracts.errors import NotFound
from desk_triage.learning.dataset import MIN_OF_A_PERSON, limit_influence
from desk_triage.learning.evaluation import Challenger, challenge, compete, complete, learn
from desk_triage.learning.model import Scorer
from desk_triage.learning.store import MOST_KEPT, ModelShelf

from tests.support.triage_history import MEANS, PER_WEEK, TEAM, TEAMS, features, list_past
from tests.support.triage_model import MODEL, model

PAST = list_past()


def challenger() -> Challenger:
    result = challenge(PAST, TEAM, MEANS)
    assert isinstance(result, Challenger)
    return result


def champion(*, is_bad: bool = False) -> Scorer:
    """Learned from the first weeks, rightly or with every team mistaken for another."""
    early = [item for item in PAST if item.finished_at < PAST[0].opened_at + timedelta(weeks=9)]
    if is_bad:
        turned = {team: TEAMS[place - 1] for place, team in enumerate(TEAMS)}
        early = [item._replace(team=turned[item.team]) for item in early]
    result = learn(early, TEAM, MEANS)
    assert isinstance(result, Scorer)
    return result


def test_a_challenger_takes_over_from_one_that_is_right_less_often() -> None:
    contest = compete(challenger(), champion(is_bad=True))
    assert contest.tickets >= 2 * PER_WEEK
    assert contest.right > contest.champion_right
    assert contest.is_won


def test_a_challenger_that_is_right_less_often_stays_out() -> None:
    turned = {team: TEAMS[place - 1] for place, team in enumerate(TEAMS)}
    wrong = challenger()
    attempts = [item._replace(name=turned[item.name]) for item in wrong.attempts]
    contest = compete(wrong._replace(attempts=attempts), champion())
    assert contest.right < contest.champion_right
    assert not contest.is_won


def test_on_tickets_that_the_champion_learned_from_nobody_is_compared() -> None:
    """They would speak for it whatever it is worth."""
    contest = compete(challenger(), complete(challenger(), MEANS))
    assert (contest.tickets, contest.is_won) == (0, False)


def test_one_sender_of_many_tickets_teaches_no_more_than_a_share() -> None:
    flood = [
        item._replace(
            ticket=f"flood-{number}",
            person="flood",
            team="network",
            features=features("hinge", "broke"),
        )
        for number, item in enumerate([*PAST, *PAST])
    ]
    kept = limit_influence([*PAST, *flood])
    assert sum(item.person == "flood" for item in kept) == int(0.05 * 3 * len(PAST))
    assert sum(item.person != "flood" for item in kept) == len(PAST)
    scorer = learn([*PAST, *flood], TEAM, MEANS)
    assert isinstance(scorer, Scorer)
    assert scorer.rank(features("hinge", "battery"), TEAMS)[0].name == "workplace"
    few = [item._replace(person="one") for item in PAST[:MIN_OF_A_PERSON]]
    assert limit_influence(few) == few


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "triage-model.json")


def test_an_earlier_model_comes_back_and_is_pinned(shelf: ModelShelf) -> None:
    shelf.put(MODEL)
    shelf.put(other := model(threshold=0.95))
    assert (shelf.version, shelf.pinned) == (other.version, "")
    shelf.use(MODEL.version)
    assert (shelf.version, shelf.pinned) == (MODEL.version, MODEL.version)
    assert {kept.version for kept in shelf.list()} == {MODEL.version, other.version}
    shelf.unpin()
    assert (shelf.version, shelf.pinned) == (MODEL.version, "")


def test_a_version_that_is_not_kept_is_refused_with_those_that_are(shelf: ModelShelf) -> None:
    shelf.put(MODEL)
    with pytest.raises(NotFound) as refused:
        shelf.use("unheard-of")
    assert MODEL.version in refused.value.message
    assert shelf.version == MODEL.version


def test_only_the_newest_few_are_kept_and_a_damaged_one_is_passed_over(
    shelf: ModelShelf, tmp_path: Path
) -> None:
    for number in range(MOST_KEPT + 3):
        shelf.put(model(tickets=1_000 + number))
    kept = list((tmp_path / "triage-models").glob("*.json"))
    assert len(kept) == MOST_KEPT
    kept[0].write_text("{")
    assert len(shelf.list()) == MOST_KEPT - 1
