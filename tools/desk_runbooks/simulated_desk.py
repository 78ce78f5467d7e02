"""What automation is composed with when nothing is real but its own code: memory and a fake clock.

The service's own `compose` runs on it, so what is composed for production is what is simulated.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar, cast

from desk_automation.service import SERVICE
from desk_automation.settings import AutomationSettings
from desk_charter import Charter, CharterSource
from desk_contracts import AnyEvent, Codec
from desk_platform.builder import ServiceBuilder
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import cursors_from
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.kafka.batch_processor import BatchHandler, BatchProcessor
from desk_platform.kafka.records import Failure, Received
from desk_platform.kafka.timer_stops import Stops
from desk_platform.kafka.timers import OnTimer, ReadinessGate, Silence
from desk_platform.kafka.unit_of_work import CACHED_DOCUMENTS, Rule, WorkItem
from desk_platform.kafka.watermarks import Watermarks
from desk_platform.lifetimes import Lifetime
from desk_platform.settings import Environment
from desk_platform.store import Documents, Schema
from desk_platform.store.document import S
from desk_platform.store.leases import Leases
from desk_platform.supervision import Loop
from desk_testing.fakes import FakeDocuments, FakeLeases, FakePublisher
from desk_testing.telemetry import record_telemetry
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

# More firings at one moment than any run has actions: something asks for itself without end.
_MOST_AT_ONCE = 2_000
_MOST_DUE = 500
T = TypeVar("T")
Feed = Callable[[T], Awaitable[None]]
Fire = Callable[[Sequence[str], datetime], Awaitable[None]]


class SimulationSettings(AutomationSettings):
    """The service's defaults; the environment of who simulates says nothing about production."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class FixedCharter(CharterSource):
    """One charter that never changes."""

    def __init__(self, charter: Charter) -> None:
        self._current = charter
        self._listeners = []


class Broken(Exception):
    """The simulation cannot go on: a fault of ours or of the service, not of the scenario."""


class SimulatedDesk(ServiceBuilder[CharterSource]):
    """Documents in memory, timers that fire when the clock is moved, and a bus that keeps all."""

    def __init__(self, charter: Charter, clock: FakeClock) -> None:
        self.name = SERVICE.name
        self.defaults = SimulationSettings(environment=Environment.LOCAL)
        self.clock = self.fake_clock = clock
        self.charter = FixedCharter(charter)
        self.telemetry = record_telemetry().telemetry
        self.cursors = cursors_from(self.defaults)
        self.health = Health(clock, lambda: None)
        self.publisher = self.bus = FakePublisher()
        self.collections = {
            schema.collection: FakeDocuments(schema, clock) for schema in SERVICE.collections
        }
        self.opened = AsyncExitStack()
        self._offsets = count()
        self._parts: dict[str, Lifetime] = {}
        self._timed: list[tuple[Documents[Any], Fire]] = []
        self._units: dict[str, UnitOfWork[Any]] = {}
        self._handlers: dict[str, BatchHandler] = {}

    def documents(self, schema: Schema[S]) -> Documents[S]:
        return cast("Documents[S]", self.collections[schema.collection])

    def unit_of_work(
        self,
        name: str,
        projection: Projection[S],
        *,
        cached: int = CACHED_DOCUMENTS,
        stops: Stops | None = None,  # noqa: ARG002
        readiness_gate: ReadinessGate | None = None,  # noqa: ARG002 (all is read at once)
    ) -> UnitOfWork[S]:
        meters = self.telemetry.meters
        unit = UnitOfWork(projection, self.bus, self.clock, meters, cached=cached, name=name)
        self._units[name] = unit
        if projection.on_timer is not None:

            async def fire(ids: Sequence[str], now: datetime) -> None:
                await unit.on_timer(ids, _refuse_items, now)

            self._timed.append((unit.documents, fire))
        return unit

    def commands(self, unit_of_work: UnitOfWork[S]) -> CommandQueue[S]:
        return CommandQueue(unit_of_work)

    def receiver(self, name: str, handler: BatchHandler) -> None:
        self._handlers[name] = handler

    def watermarks(self, topic: str) -> Watermarks:  # noqa: ARG002 (all is read at once)
        return Watermarks(_NoLog(), self.clock)

    def watermarks_of_all(self, topics: Collection[str]) -> Watermarks:  # noqa: ARG002
        return Watermarks(_NoLog(), self.clock)

    def timers(
        self,
        name: str,  # noqa: ARG002
        unit_of_work: UnitOfWork[Any],
        on_timer: OnTimer,
        stops: Any,
        readiness_gate: ReadinessGate | None = None,  # noqa: ARG002
    ) -> None:
        async def fire(ids: Sequence[str], now: datetime) -> None:
            if isinstance(stops, Silence):
                await stops.on_timer(ids, _refuse_items, now)
            else:
                await on_timer(ids, _refuse_items)

        self._timed.append((unit_of_work.documents, fire))

    def leases(self) -> Leases:
        return FakeLeases(self.clock)

    def part(self, name: str, lifetime: Lifetime) -> None:
        self._parts[name] = lifetime

    def job(self, name: str, loop: Loop, *, required: bool = True) -> None:
        """Loops that only look after what is real have nothing to do here."""

    async def open(self) -> None:
        """Open the parts, in order."""
        for part in self._parts.values():
            await self.opened.enter_async_context(part)

    async def begin_again(self, name: str) -> None:
        """Do what this part does at its beginning, and its loop again and again."""
        async with self._parts[name]:
            return

    async def change(self, name: str, id: str, rule: Rule[S]) -> None:
        """What a person decides about one document of this unit of work."""
        unit: UnitOfWork[S] = self._units[name]
        await CommandQueue(unit).change(id, rule)

    async def hear(self, event: AnyEvent) -> None:
        """An event arrives as from the bus, at all that the service's table names."""
        message = Codec().encode(event)
        offset = next(self._offsets)
        received = Received(event, _Record(message.topic, message.key, message.value, offset))
        for subscription in SERVICE.subscriptions:
            if message.topic not in subscription.topics:
                continue
            for name in subscription.to:
                handler = self._handlers.get(name) or BatchProcessor(self._units[name])
                try:
                    await handler.handle([received], _refuse_records)
                except ExceptionGroup as group:
                    # What went wrong, without the tasks around it.
                    error: Exception = group
                    while isinstance(error, ExceptionGroup):
                        error = error.exceptions[0]
                    raise error from group

    async def play(
        self, queue: list[tuple[datetime, int, T]], feed: Feed[T], until: datetime
    ) -> AsyncIterator[datetime]:
        """Feed each item of a heap at its moment and do all that is due, up to a moment.

        Says each moment once it is over. What happens may put more into the heap.
        """
        while True:
            firsts = [await documents.due(until, 1) for documents, _ in self._timed]
            moments = [moment for first in firsts for moment, _ in first]
            moments += [moment for moment, *_ in queue[:1] if moment <= until]
            if not moments:
                return
            self.fake_clock.advance(max(timedelta(), min(moments) - self.fake_clock.now()))
            while queue and queue[0][0] <= self.fake_clock.now():
                await feed(heapq.heappop(queue)[2])
            await self._fire()
            yield self.fake_clock.now()

    async def _fire(self) -> None:
        """Do all that is due now, and what becomes due by it."""
        now = self.clock.now()
        for _ in range(_MOST_AT_ONCE):
            is_done = True
            for documents, fire in self._timed:
                if ids := [id for _, id in await documents.due(now, _MOST_DUE)]:
                    is_done = False
                    await fire(ids, now)
                    # The worker gives each due run a task of its own, with this name.
                    tasks = [t for t in asyncio.all_tasks() if t.get_name().startswith("run ")]
                    if tasks:
                        await asyncio.wait(tasks)
            if is_done:
                return
        raise Broken(f"at {now.isoformat()} something is due again and again")


class _NoLog:
    """Nothing waits to be read: an event is handled before the clock moves on."""

    def partition_count(self) -> int | None:
        return None

    def own_partitions(self) -> Collection[int]:
        return ()

    def assignment_number(self) -> int:
        return 0

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        return dict.fromkeys(partitions, 0)

    async def has_handled(self, partition: int, end: int) -> bool:  # noqa: ARG002
        return True


class _Record:
    """A record of the one partition that a simulated topic has."""

    partition = 0
    headers: Sequence[tuple[str, bytes | None]] = ()

    def __init__(self, topic: str, key: bytes, value: bytes, offset: int) -> None:
        self.topic, self.offset = topic, offset
        self.key: bytes | None = key
        self.value: bytes | None = value


async def _refuse_items(failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
    for _, error in failures:
        raise error


async def _refuse_records(failures: Sequence[Failure]) -> None:
    for failure in failures:
        raise failure.error
