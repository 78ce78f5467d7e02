"""What the books say once copies are dropped and records are put in order; no opinion yet."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts import names as topics
from desk_contracts.events.automation import RunEscalated, RunHealed, RunSkipped
from desk_contracts.topics import DEAD, RETRY

from desk_storm.books import Act, Books, Charter, Record, Step, Verify

P = TypeVar("P", bound=Payload)

# What the desk may still be about to say when the books are closed; nothing is missed before.
SETTLING = timedelta(seconds=20)


class Arrival(NamedTuple, Generic[P]):
    """An event and when its first record arrived."""

    event: Event[P]
    arrived_at: datetime


class History:
    """The books, looked up by topic, payload, ticket and run."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.closing = books.ended - SETTLING

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """Records of main topics, in the order of their partitions."""
        events = (
            record for record in self.books.records if not record.topic.endswith((RETRY, DEAD))
        )
        return tuple(sorted(events, key=lambda item: (item.topic, item.partition, item.offset)))

    @cached_property
    def _by_payload(self) -> dict[type[Payload], list[Arrival[Payload]]]:
        arrivals: dict[type[Payload], list[Arrival[Payload]]] = defaultdict(list)
        seen: set[tuple[str, str]] = set()
        for record in self.records:
            event = record.event
            if event is None or (record.topic, event.identity) in seen:
                continue
            seen.add((record.topic, event.identity))
            arrivals[type(event.data)].append(Arrival(event, record.arrived_at))
        return arrivals

    def of(self, kind: type[P]) -> Sequence[Arrival[P]]:
        """All events of a kind, copies left out."""
        return self._by_payload.get(kind, [])  # type: ignore[return-value]  # filed by their type

    def on(self, topic: str) -> Iterator[Arrival[Payload]]:
        """All events of a topic, copies left out."""
        for arrivals in self._by_payload.values():
            yield from (item for item in arrivals if item.event.topic == topic)

    @cached_property
    def by_id(self) -> dict[str, Arrival[Payload]]:
        """Every event that the desk or an outsider told, by its id."""
        return {item.event.id: item for arrivals in self._by_payload.values() for item in arrivals}

    @cached_property
    def tickets(self) -> dict[str, list[Arrival[Payload]]]:
        """The life of every ticket, by its sequence."""
        return _by_subject(self.on(topics.TICKETS), lambda item: item.event.sequence or 0)

    @cached_property
    def slas(self) -> dict[str, list[AnyEvent]]:
        """What was said of each ticket's clocks, in the order in which it was said."""
        lives: dict[str, list[AnyEvent]] = defaultdict(list)
        seen: set[str] = set()
        for record in self.records:
            event = record.event
            if record.topic == topics.SLA and event is not None and event.id not in seen:
                seen.add(event.id)
                lives[event.subject].append(event)
        return lives

    @cached_property
    def run_ends(self) -> dict[str, Arrival[Payload]]:
        """How each run ended, by the run's id."""
        ends: dict[str, Arrival[Payload]] = {}
        for item in self.on(topics.AUTOMATION):
            data = item.event.data
            if isinstance(data, RunHealed | RunEscalated | RunSkipped) and data.run:
                ends[data.run] = item
        return ends

    @cached_property
    def runbooks(self) -> dict[str, str]:
        """The runbook of each run."""
        return {
            run: item.event.data.runbook  # type: ignore[attr-defined]  # all events of a run have it
            for item in self.on(topics.AUTOMATION)
            if (run := getattr(item.event.data, "run", ""))
        }

    @cached_property
    def acts(self) -> dict[str, list[Act]]:
        """What targets received for each run, in order; questions among it."""
        by_run: dict[str, list[Act]] = defaultdict(list)
        for act in sorted(self.books.acts, key=lambda entry: entry.at):
            by_run[act.run].append(act)
        return by_run

    def charter(self, at: datetime) -> Charter | None:
        """The version in force at a moment."""
        past = [item for item in self.books.charters if item.at <= at]
        return max(past, key=lambda edition: edition.at, default=None)

    def step(self, act: Act) -> Step | None:
        """Which step of its run's runbook an act is, as the charter tells by the path."""
        charter, runbook = self.charter(act.at), self.runbooks.get(act.run)
        steps = () if charter is None else charter.steps
        fitting = (item for item in steps if item.runbook == runbook and item.path == act.path)
        return next(fitting, None)

    def verify(self, runbook: str, at: datetime) -> Verify | None:
        """How a runbook's repairs are verified."""
        charter = self.charter(at)
        verifies = () if charter is None else charter.verifies
        return next((item for item in verifies if item.runbook == runbook), None)

    def was_disturbed(self, victim: str, since: datetime, until: datetime) -> bool:
        """Whether a fault fell on a service, or on all, between two moments."""
        return any(
            fault.victim.startswith(victim)
            and fault.at <= until
            and (fault.until or fault.at) >= since
            for fault in self.books.faults
        )


def _by_subject(
    arrivals: Iterable[Arrival[Payload]], key: Callable[[Arrival[Payload]], int]
) -> dict[str, list[Arrival[Payload]]]:
    lives: dict[str, list[Arrival[Payload]]] = defaultdict(list)
    for item in sorted(arrivals, key=key):
        lives[item.event.subject].append(item)
    return lives
