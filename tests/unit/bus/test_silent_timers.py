"""Timers that conclude from silence: on the member that holds the partition, when it has heard."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from desk_kernel import Context, Decision
from desk_platform.clock import SystemClock
from desk_platform.health import Health, State
from desk_platform.kafka import WorkItem
from desk_platform.kafka.due_moments import DueMoments
from desk_platform.kafka.timers import Report, Silence, Timers
from desk_platform.kafka.watermarks import Watermarks
from desk_platform.telemetry import names
from desk_testing import eventually
from desk_testing.fakes import FakeDocuments

from tests.support.bus_desk import STORIES, Desk, Story

LONG_AGO = timedelta(minutes=1)


class Log:
    """Partitions, one of them or more, held or not, whose only record is handled or not."""

    def __init__(self, *, held: bool = True, handled: bool = True, count: int = 1) -> None:
        self.is_held, self.is_handled, self.assignment = held, handled, 1
        self.count = count

    def partition_count(self) -> int | None:
        return self.count

    def own_partitions(self) -> set[int]:
        return set(range(self.count)) if self.is_held else set()

    def assignment_number(self) -> int:
        return self.assignment

    async def end_offsets(self, partitions: Collection[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 1)

    async def has_handled(self, partition: int, end: int) -> bool:  # noqa: ARG002
        return self.is_handled


class Watch:
    """Timers of documents whose events lie in that partition."""

    def __init__(self, log: Log) -> None:
        self.log, self.desk, self.clock = log, Desk(), SystemClock()
        self.desk.documents = FakeDocuments(STORIES, self.clock)
        self.health = Health(self.clock)
        self.fired: list[tuple[str, datetime]] = []
        self.wakings = 0
        self.writer: datetime | None = None
        self.due = DueMoments(self.clock)
        meters = self.desk.telemetry.telemetry.meters
        watermarks = Watermarks(log, self.clock, lambda: self.writer or self.clock.now())
        silence = Silence(watermarks, self.fire_at)
        documents = self.desk.documents
        self.timers = Timers(
            "stories",
            self.on_timer,
            self.due,
            documents,
            self.clock,
            meters,
            health=self.health,
            silence=silence,
        )

    async def on_timer(self, ids: Iterable[str], on_failed: Report) -> None:  # noqa: ARG002
        raise AssertionError("woken without being told for which moment")

    async def fire_at(self, ids: Sequence[str], _on_failed: Report, at: datetime) -> None:
        self.fired += [(id, at) for id in ids]
        self.wakings += 1

    async def set(self, id: str, due: datetime) -> None:
        unit_of_work = self.desk.another()
        unit_of_work._documents = self.desk.documents
        await unit_of_work.run(
            [WorkItem(id, lambda _s, _t: Decision(Story(), due=due))], self.desk.on_failed
        )

    @property
    def ids(self) -> list[str]:
        return [id for id, _ in self.fired]


async def test_it_fires_for_the_moment_up_to_which_the_partition_is_heard() -> None:
    watch = Watch(Log())
    due = watch.clock.now() - timedelta(seconds=1)
    await watch.set("t", due)
    running = asyncio.create_task(watch.timers.run())
    await eventually(lambda: watch.ids == ["t"])
    assert due <= watch.fired[0][1] <= watch.clock.now()
    running.cancel()


async def test_timers_of_many_partitions_fire_in_one_write() -> None:
    watch = Watch(Log(count=12))
    ids = [f"t-{number}" for number in range(40)]
    for id in ids:
        await watch.set(id, watch.clock.now() - LONG_AGO)
    running = asyncio.create_task(watch.timers.run())
    await eventually(lambda: len(watch.ids) >= len(ids))
    assert sorted(watch.ids) == sorted(ids)
    assert watch.wakings == 1
    running.cancel()


async def test_it_waits_for_a_batch_in_flight_and_says_so() -> None:
    watch = Watch(Log(handled=False))
    await watch.set("t", watch.clock.now() - LONG_AGO)
    running = asyncio.create_task(watch.timers.run())
    await eventually(lambda: watch.desk.telemetry.value(names.TIMER_WAITING) >= 60)
    shown = next(
        component
        for component in watch.health.components()
        if component.name == "verdicts of stories"
    )
    assert shown.state is State.DEGRADED
    assert "partition 0 is not read to its end yet" in shown.reason
    assert watch.ids == []
    watch.log.is_handled = True
    await eventually(lambda: watch.ids == ["t"])
    await eventually(lambda: watch.desk.telemetry.value(names.TIMER_WAITING) == 0)
    shown = next(
        component
        for component in watch.health.components()
        if component.name == "verdicts of stories"
    )
    assert shown.state is State.READY
    running.cancel()


async def test_it_waits_for_what_the_writer_has_recorded_and_not_published() -> None:
    watch = Watch(Log())
    due = watch.clock.now().replace(microsecond=0) - timedelta(seconds=1)
    watch.writer = due - timedelta(microseconds=1)
    await watch.set("t", due)
    running = asyncio.create_task(watch.timers.run())
    await eventually(lambda: watch.desk.telemetry.value(names.TIMER_WAITING) >= 1)
    assert watch.ids == []
    watch.writer = due
    await eventually(lambda: watch.fired == [("t", due)])
    running.cancel()


async def test_another_members_timer_does_not_fire_until_its_partition_is_ours() -> None:
    watch = Watch(Log(held=False))
    await watch.set("t", watch.clock.now() - LONG_AGO)
    running = asyncio.create_task(watch.timers.run())
    await eventually(lambda: watch.due._known_until is not None)
    await eventually(lambda: watch.due.next() is None)
    assert watch.ids == []
    watch.log.is_held = True
    watch.log.assignment += 1
    await watch.set("t2", watch.clock.now() - LONG_AGO)
    watch.due.remember("t2", watch.clock.now())
    # Well before the store would be asked again by itself.
    await eventually(lambda: sorted(set(watch.ids)) == ["t", "t2"], timeout=5)
    running.cancel()


def decided_at(_state: Story | None, context: Context) -> Decision[Story]:
    return Decision(Story(notes=(context.now.isoformat(),)))


async def test_a_unit_of_work_decides_for_the_moment_it_is_told() -> None:
    desk = Desk()
    at = desk.clock.now() - LONG_AGO
    await desk.unit_of_work.run([WorkItem("t", decided_at)], desk.on_failed, at=at)
    assert await desk.notes() == (at.isoformat(),)
