"""An audit finds what is lost, doubled or out of order, and calls harmless what is harmless."""

import pytest
from desk_cli.auditing import Findings, TicketLog, compare_reader, compare_writer
from desk_contracts import AnyEvent, Event
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import Observed
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.ids import request_ticket_id
from desk_contracts.value_types import SubjectKind
from desk_platform.store.census import Entry

from tests.support.bus_desk import START, noted


def opened(ticket: str, number: int = 1) -> AnyEvent:
    data = TicketOpened(
        code="K7M2-Q9PG", kind=Kind.INCIDENT, title="x", requester="ana", channel=Channel.API
    )
    return Event(f"{ticket}-{number}", "/desk/intake", ticket, START, data, number)


def requested(id: str) -> AnyEvent:
    return Event(id, "/monitor", "ana", START, TicketRequested(requester="ana", title="x"))


def book_of(*events: AnyEvent) -> TicketLog:
    book = TicketLog()
    for event in events:
        book.add(event)
    return book


LIFE = (opened("t"), noted("t", 2), noted("t", 3))


def kinds(book: TicketLog) -> set[tuple[str, str]]:
    return {(kind, ticket) for kind, ticket, _ in book.findings().wrong}


def test_a_whole_life_is_clean() -> None:
    findings = book_of(*LIFE).findings()
    assert findings.is_clean
    assert findings.summary().startswith("1 tickets, 3 events: 0 lost, 0 doubled")


def test_a_repeat_with_the_same_id_is_counted_and_harmless() -> None:
    findings = book_of(*LIFE, LIFE[1]).findings()
    assert findings.is_clean
    assert findings.repeats == 1


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((opened("t"), noted("t", 3)), ("gap", "t")),
        ((opened("t"), noted("t", 3), noted("t", 2)), ("disorder", "t")),
        ((*LIFE, noted("t", 3)._replace(id="other")), ("doubled", "t")),
        ((opened("t"), opened("t", 2)), ("doubled", "t")),
    ],
)
def test_what_the_log_alone_shows(events: tuple[AnyEvent, ...], expected: tuple[str, str]) -> None:
    assert expected in kinds(book_of(*events))


def test_a_request_without_its_ticket_is_lost() -> None:
    ticket = request_ticket_id("/monitor", "r1")
    assert kinds(book_of(requested("r1"))) == {("lost", ticket)}
    assert book_of(requested("r1"), requested("r1"), opened(ticket)).findings().is_clean


def test_a_request_that_became_a_dead_letter_is_named_and_is_no_loss() -> None:
    book = book_of(requested("r1"), requested("r2"))
    book.refuse(requested("r1"), "unknown-source")
    findings = book.findings()
    assert {id for _, id, _ in findings.wrong} == {request_ticket_id("/monitor", "r2")}
    assert findings.refused == [("/monitor r1", "unknown-source")]
    assert "1 refused requests" in findings.summary()
    assert any("/monitor r1: unknown-source" in line for line in findings.lines())


def test_a_dead_letter_that_was_given_back_and_taken_is_refused_no_more() -> None:
    book = book_of(requested("r1"), opened(request_ticket_id("/monitor", "r1")))
    book.refuse(requested("r1"), "unknown-source")
    assert (book.findings().is_clean, book.findings().refused) == (True, [])


def test_records_that_are_no_events_are_named_and_are_no_loss() -> None:
    book = book_of(*LIFE)
    for number in range(30):
        book.leave_out(f"desk.requests/0/{number}", "wrong-topic", "it belongs elsewhere")
    findings = book.findings()
    assert findings.is_clean
    assert "30 unreadable records" in findings.summary()
    assert "wrong-topic  desk.requests/0/29: it belongs elsewhere" in list(findings.lines())
    assert list(findings.lines(20))[-1] == "… and 10 more such records: --verbose names them all"


def test_events_of_other_open_topics_are_no_part_of_a_tickets_life() -> None:
    data = Observed(subject_kind=SubjectKind.DEVICE, name="crash", text="x")
    book = book_of(*LIFE, Event("e", "/agent", "t", START, data))
    assert book.findings() == book_of(*LIFE).findings()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("t", 3), set()),
        (Entry("t", 5, waiting=2), set()),  # written, not published yet: the relay will
        (Entry("t", 5, waiting=1), {("lost", "t")}),
        (Entry("t", 2), {("lost", "t")}),
        (None, {("lost", "t")}),
    ],
)
def test_the_writers_store_against_the_log(
    entry: Entry | None, expected: set[tuple[str, str]]
) -> None:
    book = book_of(*LIFE)
    findings = book.findings()
    compare_writer(book, {} if entry is None else {entry.id: entry}, findings)
    assert {(kind, ticket) for kind, ticket, _ in findings.wrong} == expected


def test_a_ticket_that_only_the_writers_store_knows_must_wait_in_its_outbox() -> None:
    book, findings = book_of(*LIFE), book_of(*LIFE).findings()
    store = {"t": Entry("t", 3), "new": Entry("new", 2, waiting=2), "odd": Entry("odd", 1)}
    compare_writer(book, store, findings)
    assert {(kind, ticket) for kind, ticket, _ in findings.wrong} == {("lost", "odd")}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("t", 3), set()),
        (Entry("t", 2), {("lost", "t")}),
        (Entry("t", 1, buffered=1), {("gap", "t")}),
        (None, {("lost", "t")}),
    ],
)
def test_a_readers_store_against_the_log(
    entry: Entry | None, expected: set[tuple[str, str]]
) -> None:
    book = book_of(*LIFE)
    findings = book.findings()
    compare_reader(book, {} if entry is None else {entry.id: entry}, findings)
    assert {(kind, ticket) for kind, ticket, _ in findings.wrong} == expected


def test_a_ticket_that_only_a_reader_knows_is_doubled() -> None:
    book = book_of(*LIFE)
    findings = book.findings()
    compare_reader(book, {"t": Entry("t", 3), "ghost": Entry("ghost", 1)}, findings)
    assert findings.count("doubled") == 1
    assert not findings.is_clean
    assert any("ghost" in line for line in findings.lines())


def findings_of(at: int, last: int) -> Findings:
    """What a look says of a ticket of that many events, with a reader that stands `at` one."""
    book = book_of(opened("t"), *(noted("t", number) for number in range(2, last + 1)))
    findings = book.findings()
    compare_reader(book, {"t": Entry("t", at)}, findings)
    return findings


@pytest.mark.parametrize(
    ("later", "is_clean"),
    [
        pytest.param((3, 3), True, id="caught up meanwhile"),
        pytest.param((3, 4), True, id="behind by another event, so it moves"),
        pytest.param((2, 3), False, id="stands where it stood"),
    ],
)
def test_a_second_look_confirms_what_does_not_move(later: tuple[int, int], is_clean: bool) -> None:
    first, second = findings_of(2, 3), findings_of(*later)
    confirmed = first.confirm(second)
    assert confirmed.is_clean is is_clean
    assert confirmed.events == second.events
