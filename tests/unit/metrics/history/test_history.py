"""Rows of one ticket as events: each kind of change, order, duplicates."""

from itertools import pairwise

from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketCommented,
    TicketOpened,
    TicketPaused,
)
from desk_contracts.message import message
from desk_metrics.history.model import Imported, build_events, sort_rows
from desk_metrics.history.rows import ExportRow, Fault, expand

from tests.support.metrics_exports import HOUR, list_types, row


def life_of(*rows: ExportRow) -> list[Imported]:
    return build_events(rows, "/history/t", lambda ticket: f"code {ticket[:4]}")


def test_a_life_from_opening_to_closing_with_a_reopening() -> None:
    events = life_of(
        row(2, "new", opened=HOUR, priority="P2", category="Mail", team="A"),
        row(3, "in_progress", team="A", priority="P2", category="Mail"),
        row(4, "waiting", waiting="employee", team="A", priority="P2", category="Mail"),
        row(5, "in_progress", team="A", priority="P2", category="Mail"),
        row(6, "resolved", team="A", priority="P2", category="Mail"),
        row(7, "in_progress", team="A", priority="P2", category="Mail"),
        row(8, "resolved", team="A", priority="P2", category="Mail"),
        row(9, "closed", team="A", priority="P2", category="Mail"),
    )
    begun = ["opened", "triaged", "assigned", "started", "paused", "resumed", "resolved"]
    assert list_types(events) == [*begun, "reopened", "started", "resolved", "closed"]
    assert [entry.event.sequence for entry in events] == list(range(1, 12))
    assert events[0].event.time.hour == 1
    assert events[1].event.time.hour == 2
    assert all(a.event.time <= b.event.time for a, b in pairwise(events))
    assert {entry.event.correlation_id for entry in events[1:]} == {events[0].event.id}


def test_the_same_rows_give_the_same_ids_and_another_source_others() -> None:
    rows = [row(1, "new"), row(2, "resolved")]
    again = [entry.event.id for entry in life_of(*rows)]
    assert [entry.event.id for entry in life_of(*rows)] == again
    other = build_events(rows, "/history/other", str)
    assert {entry.event.id for entry in other}.isdisjoint(again)
    assert other[0].event.subject != life_of(*rows)[0].event.subject


def test_the_opening_holds_what_a_live_ticket_has_and_nothing_decided_later() -> None:
    """A row that is all there is may say the category of the end: it is no title and not stated."""
    [opened, *_] = life_of(row(1, "new", own={"house": "7"}, category="Mail", title=""))
    assert isinstance(opened.event.data, TicketOpened)
    stated = {"number": "T", "house": "7", "decided_category": "Mail"}
    assert opened.event.data.attributes == stated
    assert opened.event.data.title == "Ticket T"
    assert opened.event.data.requester == "unknown"


def test_the_first_row_of_a_log_says_what_was_chosen_when_it_was_opened() -> None:
    first, last = row(1, "new", category="Mail"), row(2, "resolved", category="Network")
    [opened, *_] = life_of(first, last)
    assert isinstance(opened.event.data, TicketOpened)
    assert opened.event.data.attributes["category"] == "Mail"


def test_a_change_of_team_at_work_is_taken_up_again() -> None:
    events = life_of(row(1, "in_progress", team="A"), row(2, "in_progress", team="B"))
    assert list_types(events) == ["opened", "assigned", "started", "assigned", "started"]
    moved = events[3].event.data
    assert isinstance(moved, TicketAssigned)
    assert (moved.previous_team, moved.team) == ("A", "B")


def test_a_change_of_team_while_waiting_goes_on_waiting() -> None:
    events = life_of(
        row(1, "waiting", waiting="vendor", team="A"), row(2, "waiting", waiting="vendor", team="B")
    )
    assert list_types(events) == ["opened", "assigned", "paused", "assigned", "paused"]


def test_two_words_for_one_reason_are_two_waits() -> None:
    events = life_of(
        row(1, "waiting", waiting="vendor", word="Problem"),
        row(2, "waiting", waiting="vendor", word="Problem"),
        row(3, "waiting", waiting="vendor", word="Vendor"),
    )
    assert list_types(events) == ["opened", "paused", "paused"]
    assert isinstance(events[2].event.data, TicketPaused)
    assert [entry.word for entry in events] == ["", "Problem", "Vendor"]


def test_back_to_the_queue_is_an_assignment_without_a_change_of_team() -> None:
    events = life_of(row(1, "in_progress", team="A"), row(2, "assigned", team="A"))
    assert list_types(events)[-1] == "assigned"
    back = events[-1].event.data
    assert isinstance(back, TicketAssigned)
    assert back.team == back.previous_team == "A"


def test_waiting_ends_before_a_ticket_goes_to_another_queue() -> None:
    events = life_of(row(1, "waiting", waiting="employee", team="A"), row(2, "new", team="B"))
    assert list_types(events)[-2:] == ["resumed", "assigned"]


def test_an_unknown_state_leaves_the_state_as_it_was() -> None:
    events = life_of(row(1, "in_progress"), row(2), row(3, "resolved"))
    assert list_types(events) == ["opened", "started", "resolved"]


def test_closed_and_merged_without_resolution() -> None:
    assert list_types(life_of(row(1, "new"), row(2, "closed"), row(3, "closed"))) == [
        "opened",
        "closed",
    ]
    assert list_types(life_of(row(1, "new"), row(2, "merged"), row(3, "merged"))) == [
        "opened",
        "merged",
    ]


def test_changed_facts_are_updates_and_a_changed_category_is_a_triage() -> None:
    events = life_of(
        row(1, "new", priority="P3", category="Mail"),
        row(2, "new", priority="P1", category="Mail"),
        row(3, "new", priority="P1", category="Net", service="vpn", impact="high", title="Down"),
        row(4, "new", priority="P1", category="Net", service="vpn", impact="high", title="Down"),
    )
    assert list_types(events) == ["opened", "triaged", "updated", "triaged", "updated"]


def test_rows_are_sorted_by_time_then_number_and_late_ones_remarked() -> None:
    rows = [
        row(1, "new", row=2),
        row(3, "resolved", row=3),
        row(2, "in_progress", row=4, order=2),
        row(2, "new", row=5, order=1),
    ]
    ordered, remarks = sort_rows(rows)
    assert [entry.row for entry in ordered] == [2, 5, 4, 3]
    assert [(r.fault, r.row, r.used) for r in remarks] == [
        (Fault.OUT_OF_ORDER, 4, True),
        (Fault.OUT_OF_ORDER, 3, True),
    ]


def test_a_row_that_stands_twice_counts_once_unless_nothing_can_tell() -> None:
    rows = [row(1, "new", row=2), row(1, "new", row=9), row(2, "new", row=10)]
    ordered, [remark] = sort_rows(rows)
    assert [entry.row for entry in ordered] == [2, 10]
    assert (remark.fault, remark.row, remark.used) == (Fault.DUPLICATE, 9, False)
    assert remark.reason == message("history.same-row", row=2)
    kept, none = sort_rows(rows, keep_identical=True)
    assert (len(kept), none) == (3, [])


def test_one_row_with_many_dates_becomes_a_life() -> None:
    dates = {"assigned": 2, "responded": 3, "started": 3, "resolved": 5, "closed": 9}
    whole = row(1, "closed", team="A", **{name: at * HOUR for name, at in dates.items()})
    events = life_of(*expand(whole))
    assert list_types(events) == [
        "opened",
        "assigned",
        "started",
        "commented",
        "resolved",
        "closed",
    ]
    assert [entry.event.time.hour for entry in events] == [1, 2, 3, 3, 5, 9]
    assert isinstance(events[3].event.data, TicketCommented)


def test_a_ticket_that_is_still_open_is_in_its_state_since_it_was_changed() -> None:
    still = row(1, "waiting", waiting="vendor", word="On hold", team="A", changed=4 * HOUR)
    events = life_of(*expand(still))
    assert list_types(events) == ["opened", "assigned", "paused"]
    assert events[-1].event.time.hour == 4
    assert events[-1].word == "On hold"
