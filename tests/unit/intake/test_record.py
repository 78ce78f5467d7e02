"""From a cause to numbered events: ids, order, time and the chain that they stand in."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import Event
from desk_contracts.events.tickets import Channel, Kind, Role, TicketCommented, TicketOpened
from desk_intake.tickets.record import Cause, cause_of, emit, record

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPENED = TicketOpened(
    code="K7M2-Q9PG", kind=Kind.INCIDENT, title="VPN", requester="ana", channel=Channel.PORTAL
)
COMMENTED = TicketCommented(by="ana", role=Role.MEMBER, text="Still", public=True)


@pytest.mark.parametrize(
    ("cause", "correlation"),
    [
        (Cause("call", NOW), "call"),
        (Cause("call", NOW, correlation_id="chain"), "chain"),
        (
            Cause("fact", NOW, correlation_id="chain", traceparent="00-1", foreign="/x fact"),
            "chain",
        ),
    ],
)
def test_an_event_stands_in_the_chain_of_its_cause(cause: Cause, correlation: str) -> None:
    event = emit(cause, COMMENTED, about="d", subject="s", at=NOW)
    assert (event.correlation_id, event.causation_id) == (correlation, cause.id)
    assert (event.traceparent, event.source) == (cause.traceparent, "/desk/intake")
    assert (event.subject, event.time, event.data) == ("s", NOW, COMMENTED)
    assert event.sequence is None


def test_an_id_follows_from_cause_document_kind_and_place() -> None:
    cause = Cause("call", NOW)
    again = {emit(cause, COMMENTED, about="d", subject=subject, at=NOW).id for subject in "st"}
    assert len(again) == 1
    others = {
        emit(cause, COMMENTED, about="e", subject="s", at=NOW).id,
        emit(cause, OPENED, about="d", subject="s", at=NOW).id,
        emit(cause, COMMENTED, about="d", subject="s", at=NOW, ordinal=1).id,
        emit(Cause("other", NOW), COMMENTED, about="d", subject="s", at=NOW).id,
        emit(Cause("call", NOW, foreign="/x call"), COMMENTED, about="d", subject="s", at=NOW).id,
    }
    assert len(others - again) == 5


def test_nothing_decided_is_no_decision() -> None:
    assert record("t", None, [], Cause("call", NOW)) is None
    opened = record("t", None, [OPENED], Cause("call", NOW))
    assert opened is not None
    assert record("t", opened.state, [], Cause("later", NOW)) is None


@pytest.mark.parametrize(("later", "expected"), [(-60, 0), (0, 0), (60, 60)])
def test_sequences_go_on_and_time_never_runs_backwards(later: int, expected: int) -> None:
    opened = record("t", None, [OPENED, COMMENTED], Cause("call", NOW))
    assert opened is not None
    after = record("t", opened.state, [COMMENTED] * 2, Cause("c2", NOW + timedelta(seconds=later)))
    assert after is not None
    events = [*opened.events, *after.events]
    assert [event.sequence for event in events] == [1, 2, 3, 4]
    assert len({event.id for event in events}) == 4
    assert {event.subject for event in events} == {"t"}
    assert [event.time for event in after.events] == [NOW + timedelta(seconds=expected)] * 2
    assert after.state.sequence == 4


@pytest.mark.parametrize(("ahead", "expected"), [(-60, -60), (60, 0)])
@pytest.mark.parametrize(("correlation", "chain"), [("", "fact"), ("chain", "chain")])
def test_a_fact_is_a_cause_and_nothing_happens_in_the_future(
    ahead: int, expected: int, correlation: str, chain: str
) -> None:
    fact = Event("fact", "/x", "t", NOW + timedelta(seconds=ahead), COMMENTED, traceparent="00-1",
                 correlation_id=correlation)  # fmt: skip
    cause = cause_of(fact, NOW)
    assert (cause.id, cause.identity) == ("fact", fact.identity)
    assert cause.at == NOW + timedelta(seconds=expected)
    event = emit(cause, COMMENTED, about="t", subject="t", at=cause.at)
    assert (event.correlation_id, event.causation_id) == (chain, "fact")
    assert event.traceparent == "00-1"
