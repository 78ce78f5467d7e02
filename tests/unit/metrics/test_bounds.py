"""Where a measure begins and ends to count: just so much, and a little less or more."""

import pytest
from desk_contracts import Event
from desk_contracts.events.contributions import ContactRepeated, ContributionsChanged
from desk_contracts.ids import derive_id
from desk_contracts.message import Message
from desk_metrics.measures.contributions import Contribution, ContributionSet, Slice
from desk_metrics.measures.decide import make_event
from desk_metrics.measures.demand import name_demand
from desk_metrics.measures.detection import FORESEEN, TOO_LATE, Report, Warned, contribute_detection
from desk_metrics.measures.units import Unit
from desk_metrics.planning.quantities import amount_of
from desk_metrics.reports.changes import baseline_per_day, is_abnormal
from desk_metrics.sla.worktime import instant
from desk_metrics.solutions.decide import note_solution
from desk_metrics.solutions.model import SolutionNotes

HOUR = 3_600_000_000
DAY = 24 * HOUR
START = 20_000 * DAY


@pytest.mark.parametrize(
    ("reported", "contributions"),
    [
        ((-4 * HOUR - 1,), ()),
        ((-4 * HOUR,), (Contribution(TOO_LATE, START - 4 * HOUR, START),)),
        ((-1,), (Contribution(TOO_LATE, START - 1, START),)),
        ((0,), (Contribution(FORESEEN, START, START),)),
        ((DAY,), (Contribution(FORESEEN, START + DAY, START + DAY, amount=DAY),)),
        ((DAY + 1,), ()),
        ((DAY, 5, -DAY), (Contribution(FORESEEN, START + 5, START + 5, amount=5),)),
    ],
)
def test_a_warning_is_of_the_first_report_of_four_hours_before_to_a_day_after(
    reported: tuple[int, ...], contributions: tuple[Contribution, ...]
) -> None:
    reports = [Report(f"t{number}", START + at) for number, at in enumerate(reported)]
    assert tuple(contribute_detection(Warned("e", START), reports)) == contributions


@pytest.mark.parametrize(
    ("days", "each", "expected"), [(6, 2, None), (7, 2, 2.0), (28, 3, 3.0), (40, 3, 3.0)]
)
def test_what_is_usual_takes_a_week_and_at_most_four(
    days: int, each: int, expected: float | None
) -> None:
    began = START - days * DAY
    contacts = [at for day in range(days) for at in [began + day * DAY] * each]
    assert baseline_per_day(contacts, START, began) == expected


@pytest.mark.parametrize(
    ("contacts", "baseline", "is_so"),
    [(4, 0, False), (5, 0, True), (5, 2, False), (7, 4, False), (10, 4, False), (11, 4, True)],
)
def test_five_contacts_and_three_deviations_are_more_than_chance(
    contacts: int, baseline: float, *, is_so: bool
) -> None:
    assert is_abnormal(contacts, baseline) is is_so


def test_a_demand_has_a_name_of_eighty_signs_without_the_sign_of_parts() -> None:
    assert name_demand("x" * 81) == "x" * 80
    assert name_demand("x" * 79 + " y") == "x" * 79
    assert name_demand(" ! | ! ") == "! / !"


def test_the_earliest_fifty_tickets_that_ask_the_same_again_are_noted() -> None:
    notes = SolutionNotes()
    for number in reversed(range(51)):
        data = ContactRepeated(again=f"a{number:02}", asked_at=instant(START + number), is_so=True)
        event = Event(f"e{number}", "/t", "t", instant(START), data)
        notes = note_solution(notes, event)
    assert [item.ticket for item in notes.repeats] == [f"a{number:02}" for number in range(50)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5.0, "5"), (5.04, "5.04"), (99.95, "100"), (123.4, "123"), (12_345.0, "12300"), (0.0, "0")],
)
def test_an_amount_has_three_digits_and_no_point_where_it_is_whole(
    value: float, shown: str
) -> None:
    amount = amount_of(value, Unit.PER_WEEK)
    assert isinstance(amount, Message)
    assert str(amount.params["value"]) == shown


@pytest.mark.parametrize(
    ("source", "of"),
    [("x" * 200, "x" * 200), ("x" * 201, derive_id("x" * 201, "source"))],
)
def test_a_source_of_more_than_two_hundred_signs_is_named_by_an_id(source: str, of: str) -> None:
    event = make_event(source, 1, ContributionSet("b", Slice(), (), "p"), START)
    assert isinstance(event.data, ContributionsChanged)
    assert event.data.of == of
