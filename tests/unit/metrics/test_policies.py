"""What a policy may say, and what the book of editions answers."""

from datetime import timedelta

import pytest
from desk_charter.slas import SlaAttributes, SlaCondition
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import Kind
from desk_metrics.sla.policies import PolicyBook, Terms
from desk_metrics.sla.worktime import micros
from pydantic import ValidationError

from tests.support.metrics_story import at, book, edition, policy

NOON = micros(at("12:00"))
RESOLUTION = ClockName.RESOLUTION


def test_every_list_of_a_condition_must_name_what_the_ticket_has() -> None:
    when = SlaCondition(kinds=(Kind.INCIDENT,), services=("mail", "vpn"))
    assert when.matches(SlaAttributes(kind="incident", service="vpn"))
    assert not when.matches(SlaAttributes(kind="request", service="vpn"))
    assert not when.matches(SlaAttributes(kind="incident"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": timedelta(0)}, "cannot be met"),
        ({"warn_at": (100,)}, "between 1 and 99"),
        ({"default": False}, "does not say for which tickets"),
        ({"when": {"kinds": ["incident"]}, "default": True}, "both 'when' and"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        policy(RESOLUTION, 60, **{"name": "odd", **change})


def test_r09_each_clock_has_exactly_one_default() -> None:
    with pytest.raises(ValidationError, match="exactly one default policy, and has none"):
        edition(policy(RESOLUTION, 60, name="vip", when={"groups": ["board"]}))
    with pytest.raises(ValidationError, match="exactly one default policy, and has one, two"):
        edition(policy(name="one"), policy(name="two"))


def test_names_are_unique_and_calendars_exist() -> None:
    special = policy(RESOLUTION, 60, when={"groups": ["board"]})
    with pytest.raises(ValidationError, match="more than one policy is called resolution-default"):
        edition(special, policy())
    with pytest.raises(ValidationError, match="needs calendar 'moon', which is missing"):
        edition(policy(calendar="moon"))


def test_an_empty_book_slas_nothing() -> None:
    empty = PolicyBook([])
    assert empty.select(RESOLUTION, SlaAttributes(""), NOON) is None
    assert (empty.problems(), empty.next_change(0)) == ((), None)


def test_the_edition_in_force_at_the_time_decides() -> None:
    policies = PolicyBook(
        [edition(since=at("11:00"), version="v2"), edition(policy(), since=at("10:00"))]
    )
    before, first, second = (micros(at(time)) for time in ("09:00", "10:30", "11:00"))
    chosen = [
        policies.select(RESOLUTION, SlaAttributes(""), when) for when in (before, first, second)
    ]
    assert [item and item.version for item in chosen] == ["1@v1", "1@v1", None]
    assert policies.list_changes(before, second) == [second]
    assert policies.list_changes(second, second + 1) == []
    assert policies.next_change(first) == second


def test_a_policy_that_another_hides_is_reported() -> None:
    wide = policy(RESOLUTION, 60, name="wide", when={"priorities": ["P1", "P2"]})
    narrow = policy(RESOLUTION, 30, name="narrow", when={"priorities": ["P1"], "groups": ["board"]})
    assert [
        p.about for p in book(wide, narrow, policy()).problems() if p.code == "never-chosen"
    ] == ["narrow"]
    assert not [p for p in book(narrow, wide, policy()).problems() if p.code == "never-chosen"]


def test_only_a_calendar_in_the_newest_edition_is_a_problem() -> None:
    assert {problem.code for problem in book(policy()).problems()} == {"calendar-never-opens"}


def test_what_was_chosen_once_is_remembered_but_not_without_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk_metrics.sla.policies._MEMO_LIMIT", 2)
    policies = book(policy())
    for service in ("a", "b", "c", "d", "a"):
        selected = policies.select(RESOLUTION, SlaAttributes("", service=service), NOON)
        assert selected is not None
        assert selected.policy.name == "resolution-default"


@pytest.mark.parametrize(
    ("name", "minutes", "is_same"),
    [("fast", 60, True), ("fast", 90, False), ("other", 60, False), ("other", 90, False)],
)
def test_terms_of_the_same_name_and_target_are_the_same_sla_amended(
    name: str, minutes: int, *, is_same: bool
) -> None:
    def terms(name: str, minutes: int) -> Terms:
        selected = PolicyBook([edition(policy(RESOLUTION, minutes, name=name))]).select(
            RESOLUTION, SlaAttributes(""), NOON
        )
        assert selected is not None
        return selected

    assert terms(name, minutes).amends(terms("fast", 60)) is is_same
