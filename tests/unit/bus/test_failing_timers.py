"""A timer whose document fails is put off and given up; the others fire on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from desk_contracts.errors import Transient
from desk_kernel import Context, Decision
from desk_platform.clock import FakeClock
from desk_platform.health import State
from desk_platform.kafka import WorkItem
from desk_platform.kafka.timers import GIVEN_UP, MAX_FAILURES, Report, Timers
from desk_platform.telemetry import names

from tests.support.bus_desk import START, Desk, Story


@dataclass
class Hammer:
    """Wakes, and fails for some: as a whole, as a worker does, or document by document."""

    desk: Desk
    reports: bool
    failing: dict[str, Exception] = field(default_factory=dict)
    fired: list[str] = field(default_factory=list)

    async def on_timer(self, ids: Iterable[str], on_failed: Report) -> None:
        for id in ids:
            error = self.failing.get(id)
            if error is None:
                self.fired.append(id)
                await self.desk.documents.put_off(id, self.desk.clock.now(), GIVEN_UP)
            elif self.reports:
                await on_failed([(WorkItem(id, lambda _state, _context: None), error)])
            else:
                raise error


class Watch:
    """Timers on the tests' clock, gone round by hand."""

    def __init__(self, *, reports: bool) -> None:
        self.desk = Desk()
        self.hammer = Hammer(self.desk, reports)
        self.timers = self.another()

    def another(self) -> Timers:
        desk = self.desk
        meters = desk.telemetry.telemetry.meters
        return Timers(
            "stories",
            self.hammer.on_timer,
            desk.unit_of_work.due,
            desk.documents,
            desk.clock,
            meters,
            health=desk.health,
        )

    async def set(self, *ids: str) -> None:
        due = self.desk.clock.now()
        rule = lambda _state, _context: Decision(Story(), due=due)  # noqa: E731
        await self.desk.unit_of_work.run([WorkItem(id, rule) for id in ids], self.desk.on_failed)

    async def round(self, after: timedelta = timedelta(0)) -> None:
        self.desk.clock.advance(after)
        await self.timers._refresh(self.desk.clock.now())
        await self.timers._fire()

    async def due(self, id: str) -> datetime:
        return {id: due for due, id in await self.desk.documents.due(GIVEN_UP, 99)}[id]

    def shown(self) -> str:
        name = "documents of timers stories"
        (entry,) = (
            component for component in self.desk.health.components() if component.name == name
        )
        assert entry.state is State.DEGRADED
        return entry.reason


@pytest.fixture(params=[True, False], ids=["reported", "raised"])
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(reports=request.param)


async def test_one_that_raises_holds_up_no_other(watch: Watch) -> None:
    watch.hammer.failing["bad"] = ZeroDivisionError("a bug")
    await watch.set("a", "bad", "b")
    await watch.round()
    assert set(watch.hammer.fired) == {"a", "b"}
    assert await watch.due("bad") == START + timedelta(seconds=1)
    assert "bad: ZeroDivisionError: a bug" in watch.shown()
    assert watch.desk.health.answer_ready().is_ok


async def test_it_is_tried_later_and_later_then_given_up_until_the_next_start(
    watch: Watch,
) -> None:
    watch.hammer.failing["bad"] = ZeroDivisionError("a bug")
    await watch.set("bad")
    for failures in range(1, MAX_FAILURES):
        await watch.round()
        assert await watch.due("bad") == watch.desk.clock.now() + timedelta(
            seconds=2 ** (failures - 1)
        )
        watch.desk.clock.advance(timedelta(seconds=2 ** (failures - 1)))
    await watch.round()
    assert await watch.due("bad") == GIVEN_UP
    assert "1 were given up" in watch.shown()
    assert watch.desk.telemetry.value(names.DOCUMENT_FAILURES) == MAX_FAILURES
    watch.hammer.failing.clear()
    await watch.round(timedelta(days=30))
    assert watch.hammer.fired == []
    await watch.desk.documents.take_up(GIVEN_UP, watch.desk.clock.now())
    await watch.round()
    assert watch.hammer.fired == ["bad"]


async def test_its_next_change_sets_it_anew(watch: Watch) -> None:
    await watch.set("bad")
    await watch.desk.documents.put_off("bad", watch.desk.clock.now(), GIVEN_UP)
    await watch.round()
    assert watch.hammer.fired == []
    await watch.set("bad")
    await watch.round()
    assert watch.hammer.fired == ["bad"]


async def test_what_is_only_contended_is_never_given_up() -> None:
    watch = Watch(reports=True)
    watch.hammer.failing["busy"] = Transient("contended", code="contended")
    await watch.set("busy")
    for _ in range(3 * MAX_FAILURES):
        # At its very moment, so that its failures are in a row.
        await watch.round(await watch.due("busy") - watch.desk.clock.now())
    assert await watch.due("busy") < GIVEN_UP
    watch.hammer.failing.clear()
    await watch.round(timedelta(minutes=6))
    assert watch.hammer.fired == ["busy"]


async def test_a_document_that_cannot_be_read_does_not_stop_the_timers_of_a_unit_of_work() -> None:
    desk = Desk()
    meters = desk.telemetry.telemetry.meters
    unit, clock = desk.unit_of_work, desk.clock
    timers = Timers(
        "stories", unit.on_timer, unit.due, desk.documents, clock, meters, health=desk.health
    )

    def begin(_state: Story | None, context: Context) -> Decision[Story]:
        return Decision(Story(), due=context.now)

    await desk.another().run([WorkItem(id, begin) for id in ("a", "bad", "b")], desk.on_failed)
    desk.documents.damage("bad")
    assert isinstance(desk.clock, FakeClock)
    await timers._refresh(desk.clock.now())
    await timers._fire()
    stored = await desk.documents.load(["a", "b"])
    assert [item.state and item.state.fired for item in stored.values()] == [1, 1]
    assert desk.telemetry.value(names.DOCUMENTS_HELD) == 1
