"""Changes and the trouble that followed them, with figures worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.problems import ProblemDetected, ProblemStatus
from desk_contracts.message import verbatim
from desk_metrics.reports.changes import (
    DAY,
    MOST,
    Changes,
    ContactRecord,
    add_change,
    baseline_per_day,
    changes_key,
    delivery_of,
    is_abnormal,
)
from desk_metrics.sla.worktime import micros

START = datetime(2026, 11, 1, tzinfo=UTC)
BEGIN = micros(START)
LONG_AGO = BEGIN - 100 * DAY


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def change(
    name: str, days: float, *, succeeded: bool = True, kind: ChangeKind = ChangeKind.RELEASE
) -> AnyEvent:
    data = ChangeFinished(change=name, kind=kind, succeeded=succeeded)
    return Event(f"{name}-{days}", "/delivery", "vpn", at(days), data)


def problem(name: str, days: float) -> AnyEvent:
    data = ProblemDetected(
        service="vpn",
        title=verbatim("VPN fails"),
        tickets=(),
        people=(),
        team="network",
        message=verbatim(""),
    )
    return Event(f"{name}-{days}", "/desk/triage", name, at(days), data)


def test_what_is_kept_of_changes_is_of_their_service_and_a_proposal_blames_none() -> None:
    assert changes_key(change("c-1", 1)) == "vpn"
    detected = problem("p-1", 1)
    assert isinstance(detected.data, ProblemDetected)
    for status, service in ((ProblemStatus.PROPOSED, ""), (ProblemStatus.CONFIRMED, "vpn")):
        data = detected.data.model_copy(update={"status": status})
        assert changes_key(Event("e", "/desk/triage", "p-1", at(1), data)) == service


def changes(*events: AnyEvent) -> Changes:
    state = Changes()
    for event in events:
        state = add_change(state, event)
    return state


def contact_history(*days: float, as_of: float = 30, began: int = LONG_AGO) -> ContactRecord:
    return ContactRecord(
        sorted(BEGIN + int(d * DAY) for d in days), BEGIN + int(as_of * DAY), began
    )


def test_one_of_four_is_rolled_back_and_one_is_followed_by_a_problem() -> None:
    state = changes(
        change("c1", 1), change("c2", 5, succeeded=False), change("c3", 10), change("c4", 20),
        problem("p1", 10.9), problem("p2", 21.1),
    )  # fmt: skip
    went = delivery_of(state, contact_history(), BEGIN, BEGIN + 28 * DAY)
    assert (went.finished, went.failed, went.rolled_back) == (4, 2, 1)
    assert went.failure_rate == 0.5


def test_contacts_that_rise_beyond_chance_blame_the_change_before_them() -> None:
    """One contact a day is usual: 1 + 3 x 1 = 4, so six are abnormal and four are not."""
    daily = [day - 27.5 for day in range(28)]
    state = changes(change("c1", 1))
    many = contact_history(*daily, *(1 + hour / 24 for hour in range(1, 7)))
    assert delivery_of(state, many, BEGIN, BEGIN + 28 * DAY).failed == 1
    few = contact_history(*daily, *(1 + hour / 24 for hour in range(1, 5)))
    assert delivery_of(state, few, BEGIN, BEGIN + 28 * DAY).failed == 0


@pytest.mark.parametrize(
    ("contacts", "baseline", "wanted"),
    [(5, 0, True), (4, 0, False), (7, 4, False), (10, 4, False), (11, 4, True), (145, 100, True)],
)
def test_abnormal_is_three_roots_above_the_usual_and_never_a_handful(
    contacts: int, baseline: float, wanted: bool
) -> None:
    assert is_abnormal(contacts, baseline) is wanted


def test_what_is_usual_takes_a_week_to_know() -> None:
    contacts = contact_history(-6, -5, -4, -3).contacts
    assert baseline_per_day(contacts, BEGIN, BEGIN - 6 * DAY) is None
    assert baseline_per_day(contacts, BEGIN, BEGIN - 8 * DAY) == 0.5
    assert baseline_per_day(contacts, BEGIN, LONG_AGO) == pytest.approx(4 / 28)


def test_tickets_per_release_are_those_of_the_day_after_and_of_releases_only() -> None:
    state = changes(
        change("c1", 1), change("c2", 5), change("m", 9, kind=ChangeKind.MAINTENANCE)
    )  # fmt: skip
    contacts = contact_history(1.2, 1.9, 2.1, 5.5, 9.1, 9.2)
    went = delivery_of(state, contacts, BEGIN, BEGIN + 28 * DAY)
    assert went.tickets_per_release == (2 + 1) / 2
    assert went.finished == 3


def test_without_changes_there_is_no_rate() -> None:
    went = delivery_of(changes(problem("p", 1)), contact_history(1, 2), BEGIN, BEGIN + 28 * DAY)
    assert (went.finished, went.failure_rate, went.tickets_per_release) == (0, None, None)


def test_what_is_not_known_yet_blames_nobody() -> None:
    state = changes(change("c1", 1), change("c2", 10), problem("p", 1.5))
    early = delivery_of(state, contact_history(as_of=1.2), BEGIN, BEGIN + 28 * DAY)
    assert (early.finished, early.failed) == (1, 0)


def test_the_order_of_arrival_and_repeats_change_nothing() -> None:
    events = [change("c1", 1), change("c2", 2, succeeded=False), problem("p", 3)]
    assert changes(*events) == changes(*reversed(events)) == changes(*events, *events)
    assert changes(*events).problems == ((BEGIN + 3 * DAY, "p"),)


def test_a_change_told_again_counts_once_and_the_later_word_stands() -> None:
    """Rolled back an hour after it was called a success."""
    success, undone = change("c1", 1), change("c1", 1.04, succeeded=False)
    for state in (changes(success, undone), changes(undone, success)):
        went = delivery_of(state, contact_history(), BEGIN, BEGIN + 28 * DAY)
        assert (went.finished, went.failed) == (1, 1)


def test_what_is_kept_is_a_year_and_never_more_than_a_document_holds() -> None:
    old = changes(change("old", -500), change("new", 1))
    assert [item.change for item in old.finished] == ["new"]
    many = changes(*(change(f"c{number}", number / 100) for number in range(MOST + 10)))
    assert len(many.finished) == MOST
