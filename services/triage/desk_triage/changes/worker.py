"""Follows the changes of services, and keeps the context snapshot fresh."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from desk_charter import Charter
from desk_contracts import AnyEvent, Event
from desk_contracts.events.changes import ChangeFinished, ChangeStarted
from desk_contracts.events.signals import SignalRaised
from desk_kernel import Context, Decision, Readings
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka import Projection
from desk_platform.lookout import Lookout
from desk_platform.store import Documents

from desk_triage.changes import decide
from desk_triage.changes.model import Change, ServiceChanges
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot, Facts

# Changes and problems are few and matter at once; the load matters only on average.
LOOK_EVERY = timedelta(seconds=1)
LOOKS_PER_COUNT = 10
LOOKS_PER_CENSUS = 60


@dataclass(frozen=True, slots=True)
class Inputs:
    """What every decision is given beside its event, asked for anew each time."""

    charter: Callable[[], Charter]
    snapshot: Callable[[], ContextSnapshot]
    lookout: Lookout


def change_projection(documents: Documents[ServiceChanges]) -> Projection[ServiceChanges]:
    """Changes of each service and its signals; forgotten when nobody suspects them any more."""

    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(ChangeStarted, ChangeFinished)
    def find_service(event: AnyEvent) -> Iterable[str]:
        return (event.subject,)

    @keys.on(SignalRaised)
    def find_service_of_signal(event: Event[SignalRaised]) -> Iterable[str]:
        return (event.data.service,) if event.data.service else ()

    def react(
        state: ServiceChanges | None, event: AnyEvent, _context: Context
    ) -> Decision[ServiceChanges] | None:
        return decide.follow(state, event)

    def on_timer(state: ServiceChanges | None, context: Context) -> Decision[ServiceChanges] | None:
        return None if state is None else decide.expire(state, context.now)

    return Projection(documents, keys, react, on_timer)


@dataclass(frozen=True, slots=True)
class SnapshotReads:
    """Where the parts of a snapshot are read."""

    changes: Callable[[], Awaitable[Mapping[str, Sequence[Change]]]]
    people: Callable[[], Awaitable[Mapping[tuple[str, str], int]]]
    load: Callable[[], Awaitable[Mapping[str, int]]]
    population: Callable[[], Awaitable[Mapping[str, Facts]]]


class SnapshotCache:
    """The last snapshot, so that no decision waits for the store; a read that fails leaves it."""

    def __init__(self, reads: SnapshotReads, clock: Clock) -> None:
        self._reads, self._clock = reads, clock
        self._current = EMPTY

    @property
    def current(self) -> ContextSnapshot:
        return self._current

    async def run(self) -> None:
        """Refresh until cancelled."""
        looks = 0
        while True:
            is_census = looks % LOOKS_PER_CENSUS == 0
            await self.refresh(with_load=looks % LOOKS_PER_COUNT == 0, with_population=is_census)
            looks += 1
            beat()
            await self._clock.sleep(LOOK_EVERY)

    async def refresh(self, *, with_load: bool, with_population: bool = False) -> None:
        """Read changes and problems, now and then who has how much, seldom which devices are."""
        before = self._current
        self._current = ContextSnapshot(
            changes=await self._reads.changes(),
            people=await self._reads.people(),
            load=await self._reads.load() if with_load else before.load,
            population=await self._reads.population() if with_population else before.population,
        )
