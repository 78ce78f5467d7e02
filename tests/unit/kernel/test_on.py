"""Tables by the type of an event: the one way in which rules choose what to do."""

from datetime import UTC, datetime

import pytest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.tickets import TicketClosed, TicketResumed, TicketStarted
from desk_kernel import Readings, Reducers

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

followed: Reducers[str, [int], str] = Reducers(lambda state, _event, _more: f"{state} as it was")
closers: Readings[tuple[str, ...]] = Readings(())


@followed.on(TicketStarted)
def start(state: str, event: Event[TicketStarted], more: int) -> str:
    return f"{state} started by {event.data.by} {more}"


@followed.on(TicketClosed, TicketResumed)
def go_on(state: str, event: Event[TicketClosed | TicketResumed], more: int) -> str:
    return f"{state} {event.data.by} {more}"


@closers.on(TicketClosed)
def closed(event: Event[TicketClosed]) -> tuple[str, ...]:
    return (event.data.by,)


def event(data: Payload) -> AnyEvent:
    return Event(id="e-1", source="/t", subject="t-1", time=NOON, data=data)


def test_each_type_has_its_function_and_all_others_one() -> None:
    assert followed("it", event(TicketStarted(by="ana")), 3) == "it started by ana 3"
    assert followed("it", event(TicketResumed(by="ben")), 4) == "it ben 4"
    assert closers(event(TicketClosed(by="ana"))) == ("ana",)
    assert closers(event(TicketStarted(by="ana"))) == ()
    unknown: Reducers[str, [int], str] = Reducers(lambda state, _event, _more: state)
    assert unknown("it", event(TicketStarted(by="ana")), 1) == "it"


def test_a_table_says_what_it_is_for() -> None:
    assert followed.types == {TicketStarted, TicketClosed, TicketResumed}


def test_a_type_has_one_function() -> None:
    with pytest.raises(ValueError, match="TicketStarted has two functions"):
        followed.on(TicketStarted)(start)
