"""Whatever targets come to and whoever dies: rings never let in more than was earned."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from desk_automation.rollouts.decide import (
    RingRequest,
    advance,
    end_place,
    find_refusal,
    list_called,
    mark_rescheduled,
    request_place,
    resume,
)
from desk_automation.rollouts.events import emit_changes
from desk_automation.rollouts.fleet import FleetRules, add_fault
from desk_automation.rollouts.model import FaultSeen, PlannedRollout, RolloutState
from desk_automation.runs.model import Phase
from desk_contracts.events.automation import RingOpened, RunbookStopped
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.automation_engine import Engine, measured, raised, runbook

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = st.builds(
    PlannedRollout,
    first=st.integers(1, 3),
    most=st.integers(3, 8),
    healed_percent=st.sampled_from([1.0, 50.0, 75.0, 100.0]),
    hold=st.sampled_from([timedelta(), 5 * MINUTE]),
    wait=st.just(timedelta(hours=6)),
    restart_after=st.sampled_from([timedelta(hours=1), timedelta(hours=24)]),
)
# What happens next: to which of the runs, and how long after the last.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "heal", "fail", "void", "time", "resume"]),
        st.integers(0, 11),
        st.integers(0, 4000),
    ),
    max_size=80,
)


@dataclass
class Play:
    """Runs that ask and end, and a check after every change."""

    rules: PlannedRollout
    state: RolloutState = field(default_factory=RolloutState)
    now: datetime = START
    opened: list[RingOpened] = field(default_factory=list)
    started: set[str] = field(default_factory=set)

    def ask_of(self, number: int) -> RingRequest:
        until = self.now + timedelta(hours=2)
        names = (f"run-{number}", f"t-{number}", "v1")
        return RingRequest(*names, START, until, self.rules, "A repair", "workplace")

    def put(self, after: RolloutState | None) -> None:
        if after is None:
            return
        for event in emit_changes("book", self.state, after, "", "", self.now):
            if isinstance(event.data, RingOpened):
                self.check_opening(event.data)
                self.opened.append(event.data)
            if isinstance(event.data, RunbookStopped):
                assert self.state.stop is None
        self.state = after
        ring = after.ring
        assert len(ring.places) <= ring.size <= max(self.rules.most, self.rules.first)
        runs = [place.run for place in ring.places]
        assert len(set(runs)) == len(runs)
        assert not set(runs) & set(after.waiting)
        assert len(set(after.waiting)) == len(after.waiting)
        if after.stop is None and len(ring.places) < ring.size and ring.rules is not None:
            assert not after.waiting, "a place is free while somebody waits"

    def check_opening(self, opened: RingOpened) -> None:
        """A further ring was earned by the one before, and is at most twice as large."""
        if opened.ring == 1:
            assert opened.size == self.rules.first
            return
        before = self.state.ring
        assert (opened.ring, opened.size) == (
            before.number + 1,
            min(2 * before.size, self.rules.most),
        )
        # The last verdict may have come with this change.
        assert opened.healed >= before.needed
        assert before.healed + before.under_way >= opened.healed
        # Of those whose time ran out without a word there may be more.
        assert sum(run.is_healed is None and run.until > self.now for run in before.places) <= 1

    def ask(self, number: int) -> None:
        ask = self.ask_of(number)
        self.put(request_place(self.state, ask, self.now))
        assert request_place(self.state, ask, self.now) is None, "a second asking changes nothing"
        if find_refusal(self.state, ask, self.now) is None:
            assert self.state.stop is None
            self.started.add(ask.run)

    def end(self, number: int, verdict: bool | None) -> None:
        ask = self.ask_of(number)
        if ask.run not in self.started and verdict is not None:
            return
        self.started.discard(ask.run)
        self.put(end_place(self.state, ask, self.now, is_healed=verdict))
        assert end_place(self.state, ask, self.now, is_healed=verdict) is None


@settings(max_examples=300, deadline=None)
@given(rules=RULES, steps=STEPS)
@example(
    rules=PlannedRollout(
        first=1,
        most=4,
        healed_percent=100,
        hold=timedelta(),
        wait=timedelta(hours=6),
        restart_after=timedelta(hours=24),
    ),
    steps=[
        *[("ask", n, 0) for n in range(4)],
        ("heal", 0, 1),
        ("time", 0, 0),
        ("ask", 1, 1),
        ("ask", 2, 1),
        ("heal", 1, 1),
        ("fail", 2, 1),
        ("ask", 3, 1),
        ("resume", 0, 1),
    ],
)
# A run says nothing for two hours, which is the end of its ring, and then asks again.
@example(
    rules=PlannedRollout(
        first=1,
        most=7,
        healed_percent=50,
        hold=5 * MINUTE,
        wait=timedelta(hours=6),
        restart_after=timedelta(hours=24),
    ),
    steps=[("ask", 6, 0), ("time", 0, 7200), ("ask", 1, 0), ("ask", 6, 0)],
)
# It asks again itself, after a rest that is long enough for the first ring.
@example(
    rules=PlannedRollout(
        first=2,
        most=6,
        healed_percent=1,
        hold=5 * MINUTE,
        wait=timedelta(hours=6),
        restart_after=timedelta(hours=1),
    ),
    steps=[("ask", 0, 0), ("ask", 0, 7200)],
)
def test_no_ring_opens_that_was_not_earned(
    rules: PlannedRollout, steps: list[tuple[str, int, int]]
) -> None:
    play = Play(rules)
    for what, number, seconds in steps:
        play.now += timedelta(seconds=seconds)
        if what == "ask":
            play.ask(number)
        elif what == "time":
            play.put(advance(play.state, play.now))
            called = list_called(play.state)
            play.put(mark_rescheduled(play.state, called))
        elif what == "resume" and play.state.stop is not None:
            play.put(resume(play.state, play.now))
            assert play.state.stop is None
            assert play.state.ring.number == 1
        elif what in VERDICTS:
            play.end(number, VERDICTS[what])


VERDICTS = {"heal": True, "fail": False, "void": None}


@settings(max_examples=100, deadline=None)
@given(rules=RULES, count=st.integers(1, 30))
def test_where_all_are_healed_all_come_in_turn(rules: PlannedRollout, count: int) -> None:
    play = Play(rules)
    for number in range(count):
        play.ask(number)
    for _ in range(2 * count):
        for number in range(count):
            if f"run-{number}" in play.started:
                play.end(number, True)
        due = play.state.due
        if due is None:
            break
        play.now = max(play.now, due)
        play.put(advance(play.state, play.now))
        for run in list_called(play.state):
            play.ask(int(run.removeprefix("run-")))
    assert play.state.waiting == ()
    assert not play.started
    assert play.state.stop is None


FAULTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 20)), max_size=30)


@settings(max_examples=300, deadline=None)
@given(faults=FAULTS, more_than=st.integers(1, 5))
@example(faults=[(0, 0), (1, 1), (2, 2)], more_than=2)
def test_the_fleet_guard_stops_for_so_many_targets_within_the_time_and_not_before(
    faults: list[tuple[int, int]], more_than: int
) -> None:
    rules = FleetRules(more_than, 10 * MINUTE, "title", "team")
    state = RolloutState()
    heard: list[FaultSeen] = []
    for number, minutes in sorted(faults, key=lambda item: item[1]):
        fault = FaultSeen(target=f"t-{number}", at=START + minutes * MINUTE)
        heard.append(fault)
        was_stopped = state.stop is not None
        state = add_fault(state, fault, rules, START) or state
        assert add_fault(state, fault, rules, START) is None, "heard twice it counts once"
        recent = {item.target for item in heard if item.at > fault.at - rules.within}
        assert (state.stop is not None) == (was_stopped or len(recent) > more_than)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=st.none() | st.integers(1, 90), after=st.none() | st.integers(1, 90))
@example(before=3, after=None)
@example(before=None, after=9)
def test_a_death_at_any_write_loses_no_run_and_starts_none_too_many(
    before: int | None, after: int | None
) -> None:
    asyncio.run(simulate_rings(before, after))


async def simulate_rings(before: int | None, after: int | None) -> None:
    rollout = {"hold": "1m", "wait": "12h"}
    engine = Engine((runbook(rollout=rollout, breaker={"consecutive": 9}),))
    engine.boundary.before, engine.boundary.after = before, after
    names = [f"laptop-{number}" for number in range(7)]
    for name in names:
        await engine.hear(raised(name))
    for _ in range(60):
        await engine.settle(timedelta(seconds=8))
        await heal(engine)
    runs = [item.state for item in await engine.runs.find({}) if item.state]
    assert {run.phase for run in runs} == {Phase.HEALED}
    assert [call.step for call in engine.target.calls].count("clean") >= len(names)
    assert engine.target.distinct_effects == len(names)
    opened = [e.data for e in engine.bus.events() if isinstance(e.data, RingOpened)]
    assert [data.size for data in opened][:3] == [1, 2, 4]
    state = await engine.rollout()
    assert state.waiting == ()
    assert state.ring.under_way == 0


async def heal(engine: Engine) -> None:
    """What is measured on those that are waited for."""
    stored = [item.state for item in await engine.runs.find({}) if item.state]
    for run in stored:
        if run.phase is Phase.VERIFYING:
            await engine.hear(measured(40.0, engine.clock.now(), run.target))
    await engine.settle(timedelta(seconds=2))


def test_a_run_that_fails_before_it_says_its_target_is_told_with_it() -> None:
    """It had begun in a ring that was closed since, and was called again by the next."""
    hold, hour = timedelta(), timedelta(hours=1)
    play = Play(
        PlannedRollout(
            first=1, most=2, healed_percent=100, hold=hold, wait=6 * hour, restart_after=24 * hour
        )
    )
    play.ask(0)
    play.ask(1)
    play.end(0, True)
    play.put(advance(play.state, play.now))
    assert list_called(play.state) == ("run-1",)
    play.started.add("run-1")
    play.end(1, False)
    assert play.state.stop is not None
    assert play.state.stop.targets == ("t-1",)
