"""A ticket's way: what belongs to it, in which order, and how long after its cause."""

from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition
from desk_cli.status import Lag, lags_of, own_groups
from desk_cli.tracing import TicketTrail
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.tickets import Channel, Kind, TicketClosed, TicketOpened
from desk_contracts.events.triage import TriageDeferred
from desk_contracts.message import verbatim
from desk_platform.kafka.agreement import Committed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPENED = TicketOpened(
    code="K7M2-Q9PG", kind=Kind.INCIDENT, title="VPN", requester="ana", channel=Channel.PORTAL
)

CLOSED = TicketClosed(by="ana")
DEFERRED = TriageDeferred(team="network", charter="1", explanation=(verbatim("?"),))


def event(
    id: str, data: Payload, seconds: float, *, of: str = "t-1", cause: str = "", **more: str
) -> AnyEvent:
    at = NOON + timedelta(seconds=seconds)
    return Event(id, "/test", of, at, data, causation_id=cause, **more)  # type: ignore[arg-type]


def test_a_way_is_merged_by_time_with_the_delay_after_the_cause() -> None:
    opened = event("e-1", OPENED, 0, cause="call", correlation_id="c-1")
    deferred = event("e-2", DEFERRED, 1.5, cause="e-1")
    closed = event("e-3", CLOSED, 4)
    elsewhere = event("e-4", CLOSED, 2, of="t-2")
    caused = event("e-5", CLOSED, 3, of="t-3", correlation_id="c-1")
    trail = TicketTrail("t-1", ("c-1", "e-1", ""))
    for item in (closed, deferred, elsewhere, opened, deferred, caused):
        trail.add(item, item.time)
    trail.add(deferred, NOON + timedelta(seconds=9))  # sent once more
    hops = trail.hops()
    assert [hop.event.id for hop in hops] == ["e-1", "e-2", "e-5", "e-3"]
    assert [hop.delay for hop in hops] == [None, timedelta(seconds=1.5), None, None]


def test_lag_is_of_the_desks_own_groups_only() -> None:
    groups = ["x-intake", "x-triage.telemetry", "x-somebody", "intake", "x-intakes"]
    assert own_groups(groups, "x-") == ["intake", "triage.telemetry"]
    places = {TopicPartition("desk.tickets", n): 5 for n in range(2)}
    ends = {place: 5 + 3 * place.partition for place in places}
    assert lags_of({"intake": Committed(places, 1)}, ends) == [Lag("intake", "desk.tickets", 3, 2)]
