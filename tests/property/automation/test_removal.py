"""Whatever comes late, twice or between: no run that is needed goes, and none runs twice."""

import asyncio
from collections import Counter
from datetime import timedelta

from desk_automation.matching.decide import run_id
from desk_automation.runs.model import Run
from desk_automation.runs.store import RUNS
from desk_contracts import Event
from desk_contracts.events.automation import RunStarted
from desk_contracts.events.signals import SignalRaised
from desk_kernel.retention import FORGOTTEN_AFTER, find_horizon, is_forgotten
from desk_platform.store.removal import Removal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.automation_engine import START, Engine, measured, raised, runbook

DAY = timedelta(days=1)
SUBJECTS = 3
# A signal is heard (again), days pass, what is due is done, a device is well, old runs are removed.
STEPS = st.one_of(
    st.tuples(st.just("hear"), st.integers(0, SUBJECTS - 1)),
    st.tuples(st.just("again"), st.integers(0, SUBJECTS - 1)),
    st.tuples(st.just("pass"), st.integers(0, 40)),
    st.tuples(st.just("settle"), st.integers(1, 120)),
    st.tuples(st.just("well"), st.integers(0, SUBJECTS - 1)),
    st.tuples(st.just("remove"), st.integers(0, 60)),
)
ONCE = [("hear", 0), ("settle", 120), ("pass", 32), ("remove", 0), ("again", 0), ("settle", 120)]
HELD = [("hear", 0), ("pass", 40), ("remove", 0), ("settle", 120), ("again", 0)]


class Life:
    """An engine whose clock may jump, its signals, and what was removed."""

    def __init__(self) -> None:
        self.engine = Engine((runbook(),))
        self.heard: dict[int, Event[SignalRaised]] = {}
        self.removed: set[str] = set()

    async def do(self, step: str, number: int) -> None:
        engine, now = self.engine, self.engine.clock.now()
        match step:
            case "hear":
                event = self.heard.setdefault(number, raised(f"laptop-{number}", at=now))
                await engine.hear(event)
            case "again":
                if number in self.heard:
                    await engine.hear(self.heard[number])
            case "pass":
                engine.clock.advance(number * DAY)
            case "settle":
                await engine.settle(timedelta(seconds=number))
            case "well":
                await engine.hear(measured(40.0, now, f"laptop-{number}"))
            case "remove":
                await self.remove(number * DAY)

    async def remove(self, kept: timedelta) -> None:
        engine = self.engine
        before, now = await self.list_runs(), engine.clock.now()
        await Removal(RUNS, engine.runs, lambda: kept, engine.clock).look()
        after = await self.list_runs()
        for id in before.keys() - after.keys():
            run = before[id]
            assert run.has_ended
            assert run.is_closed
            assert run.ended_at is not None
            assert run.ended_at <= now - max(kept, FORGOTTEN_AFTER + DAY)
            self.removed.add(id)

    async def list_runs(self) -> dict[str, Run]:
        stored = await self.engine.runs.find({}, limit=50)
        return {item.id: item.state for item in stored if item.state is not None}


async def live(steps: list[tuple[str, int]]) -> Life:
    life = Life()
    for step, number in steps:
        await life.do(step, number)
        # What was removed stays away, whoever asks for it again.
        assert not life.removed & (await life.list_runs()).keys()
    return life


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=25))
@example(ONCE)
@example(HELD)
def test_no_order_of_events_and_removals_runs_twice_or_loses_a_run(
    steps: list[tuple[str, int]],
) -> None:
    life = asyncio.run(live(steps))
    engine = life.engine
    started = Counter(
        event.data.run for event in engine.bus.events() if isinstance(event.data, RunStarted)
    )
    assert set(started.values()) <= {1}
    assert len(engine.target.keys) <= len(life.heard)
    runs = {run_id(event, engine.runbooks[0]) for event in life.heard.values()}
    kept = asyncio.run(life.list_runs()).keys()
    assert runs == kept | life.removed


def test_the_order_that_removes_a_run_and_hears_its_signal_again_does_remove_it() -> None:
    life = asyncio.run(live(ONCE))
    assert len(life.removed) == 1
    assert asyncio.run(live(HELD)).removed == set()


@given(st.integers(0, 10**7), st.integers(0, 800), st.integers(0, 10**8))
def test_what_may_be_removed_is_made_by_events_that_are_forgotten_from_then_on(
    over_after_s: int, kept_days: int, waits_s: int
) -> None:
    """Under any time that is asked for, and also if it is longer later."""
    event_at = START
    over = event_at + timedelta(seconds=over_after_s)
    now = over + timedelta(seconds=waits_s)
    if over <= find_horizon(kept_days * DAY, now):
        assert is_forgotten(event_at, now - DAY / 2)
