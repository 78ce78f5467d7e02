"""Rings double by verified cures that last; one that does not help stops the runbook."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from desk_automation.rollouts.model import CALL
from desk_automation.runs.model import Phase
from desk_charter.runbooks import Runbook
from desk_contracts.events.automation import (
    Outcome,
    RingOpened,
    RunbookResumed,
    RunbookStopped,
    RunEscalated,
    RunHealed,
)

from tests.support.automation_engine import (
    NOT_MET,
    Engine,
    FakeTarget,
    cleared,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.spoken import codes, english

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# The signals come in one moment, and each run settles a second.
SETTLED = 2 * SECOND
HOLD = timedelta(minutes=5)


def book(**changes: object) -> Runbook:
    """A disk cleaner that goes in rings."""
    rollout = {"hold": "5m", "wait": "6h"} | dict(changes.pop("rollout", {}))  # type: ignore[call-overload]  # a mapping
    return runbook(rollout=rollout, breaker={"consecutive": 9}, **changes)


def laptops(count: int) -> list[str]:
    return [f"laptop-{number}" for number in range(count)]


async def raise_all(engine: Engine, names: Iterable[str]) -> None:
    for name in names:
        await engine.hear(raised(name, at=engine.clock.now()))
    await engine.settle(SETTLED)


async def measure(engine: Engine, value: float, names: Iterable[str]) -> None:
    for name in names:
        await engine.hear(measured(value, engine.clock.now(), name))
    await engine.settle(SECOND)


async def phases(engine: Engine) -> Counter[Phase]:
    return Counter(item.state.phase for item in await engine.runs.find({}) if item.state)


async def verifying(engine: Engine) -> list[str]:
    stored = (item.state for item in await engine.runs.find({}))
    return [run.target for run in stored if run and run.phase is Phase.VERIFYING]


async def refuse(failures: Iterable[tuple[object, Exception]]) -> None:
    for _, error in failures:
        raise error


def sizes(engine: Engine) -> list[int]:
    events = (event.data for event in engine.bus.events())
    return [data.size for data in events if isinstance(data, RingOpened)]


async def test_rings_double_from_one_and_each_waits_for_the_cures_of_the_last() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(9))
    acted = list[int]()
    for _ in range(4):
        acted.append(len(engine.target.calls))
        await measure(engine, 40.0, await verifying(engine))
        await engine.settle(HOLD - 2 * SECOND)
        assert len(engine.target.calls) == acted[-1], "the hold is not over"
        await engine.settle(4 * SECOND)
    assert acted == [1, 3, 7, 9]
    assert sizes(engine) == [1, 2, 4, 8]
    assert sum(isinstance(event.data, RunHealed) for event in engine.bus.events()) == 9


async def test_who_waits_says_so_with_a_count_and_comes_in_turn() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(4))
    state = await engine.rollout()
    runs = [item.state for item in await engine.runs.find({}) if item.state]
    queued = [run for run in runs if run.phase is Phase.QUEUED]
    assert len(queued) == 3
    assert {run.id for run in queued} == set(state.waiting)
    reasons = [run.reason for run in queued if run.reason]
    assert {reason.code for reason in reasons} == {"refusal.ring"}
    assert {reason.params["count"] for reason in reasons} == {1, 2, 3}
    assert "2 runs wait for the next ring" in english(reasons[1])
    first_two = state.waiting[:2]
    await measure(engine, 40.0, await verifying(engine))
    await engine.settle(HOLD + SECOND)
    assert {place.run for place in (await engine.rollout()).ring.places} == set(first_two)


async def test_a_first_ring_that_is_not_healed_stops_the_runbook_at_one() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(5))
    first = await verifying(engine)
    await measure(engine, 4.0, first)
    await engine.settle(5 * MINUTE)
    assert len(engine.target.calls) == 1
    counts = await phases(engine)
    assert (counts[Phase.ESCALATED], counts[Phase.QUEUED]) == (1, 4)
    [stopped] = [e.data for e in engine.bus.events() if isinstance(e.data, RunbookStopped)]
    assert (stopped.runbook, stopped.kind, stopped.waiting) == ("clean-disk", "ring", 4)
    assert list(stopped.targets) == first
    assert codes(stopped.explanation) == ["stop.ring"]
    late = raised("laptop-9", at=engine.clock.now())
    await engine.hear(late)
    await engine.settle(MINUTE)
    reason = (await engine.run(late)).reason
    assert reason is not None
    assert (reason.code, reason.params["count"]) == ("refusal.runbook-stopped", 5)


async def test_who_waits_for_a_stopped_runbook_reaches_people_in_the_end() -> None:
    engine = Engine((book(rollout={"wait": "2h"}),))
    await raise_all(engine, laptops(3))
    await measure(engine, 4.0, await verifying(engine))
    await engine.settle(3 * timedelta(hours=1))
    assert await phases(engine) == {Phase.ESCALATED: 3}
    ends = [e.data for e in engine.bus.events() if isinstance(e.data, RunEscalated)]
    assert [end.outcome for end in ends] == [Outcome.NOT_HEALED, Outcome.NOT_RUN, Outcome.NOT_RUN]
    assert (await engine.rollout()).waiting == ()


async def test_no_data_opens_no_ring() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(2))
    await engine.settle(10 * MINUTE)
    assert len(engine.target.calls) == 1
    assert (await engine.rollout()).stop is not None


async def test_a_share_of_a_ring_is_enough_if_the_runbook_says_so() -> None:
    rollout = {"first": 4, "healed_percent": 75}
    engine = Engine((book(rollout=rollout),))
    await raise_all(engine, laptops(5))
    names = await verifying(engine)
    assert len(names) == 4
    await measure(engine, 40.0, names[:3])
    await measure(engine, 4.0, names[3:])
    await engine.settle(HOLD + MINUTE)
    assert (await engine.rollout()).stop is None
    assert len(engine.target.calls) == 5


async def test_the_same_trouble_within_the_hold_is_no_cure() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(2))
    await measure(engine, 40.0, ["laptop-0"])
    await engine.settle(MINUTE)
    await engine.hear(raised("laptop-0", episode="again", at=engine.clock.now()))
    await engine.settle(HOLD)
    assert len(engine.target.calls) == 1
    stop = (await engine.rollout()).stop
    assert stop is not None
    assert stop.targets == ("laptop-0",)


async def test_a_run_that_never_acted_gives_its_place_to_the_next() -> None:
    engine = Engine((book(guards=[guard()]),), FakeTarget([NOT_MET]))
    await raise_all(engine, laptops(3))
    counts = await phases(engine)
    assert counts == {Phase.SKIPPED: 1, Phase.VERIFYING: 1, Phase.QUEUED: 1}
    assert (await engine.rollout()).ring.number == 1


async def test_who_is_well_before_its_turn_waits_no_more() -> None:
    engine = Engine((book(),))
    events = [raised(name) for name in laptops(3)]
    await engine.hear(*events)
    await engine.settle(SETTLED)
    waiting = (await engine.rollout()).waiting
    [over] = [event for event in events if (await engine.run(event)).id == waiting[0]]
    await engine.hear(cleared(over))
    await measure(engine, 40.0, await verifying(engine))
    await engine.settle(HOLD + SECOND)
    assert (await engine.run(over)).phase is Phase.SKIPPED
    ring = (await engine.rollout()).ring
    assert [place.run for place in ring.places] == [waiting[1]]


async def test_a_run_that_is_called_and_cannot_be_read_holds_no_other_up() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(3))
    lost, other = (await engine.rollout()).waiting
    names = await verifying(engine)
    for name in names:
        await engine.hear(measured(40.0, engine.clock.now(), name))
    await engine.settle(SECOND)
    engine.runs.damage(lost)
    engine.clock.advance(HOLD)
    await engine.opener.on_timer(["clean-disk"], refuse)
    await engine.worker.advance(other)
    engine.clock.advance(CALL)
    await engine.opener.on_timer(["clean-disk"], refuse)
    assert [place.run for place in (await engine.rollout()).ring.places] == [other]


async def test_a_new_version_begins_with_the_first_ring() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(2))
    await measure(engine, 4.0, ["laptop-0"])
    await engine.settle(MINUTE)
    assert (await engine.rollout()).stop is not None
    engine.rulebook = type(engine.rulebook)(book(title="Another way to free space"))
    await raise_all(engine, ["laptop-7", "laptop-8"])
    state = await engine.rollout()
    assert state.stop is None
    assert (state.ring.number, len(state.ring.places)) == (1, 1)
    resumed = [e.data for e in engine.bus.events() if isinstance(e.data, RunbookResumed)]
    assert [data.by for data in resumed] == [""]


async def test_rings_begin_again_after_a_rest() -> None:
    engine = Engine((book(rollout={"restart_after": "12h"}),))
    await raise_all(engine, ["laptop-0"])
    await measure(engine, 40.0, ["laptop-0"])
    await engine.settle(HOLD + MINUTE)
    assert (await engine.rollout()).ring.number == 2
    await engine.settle(timedelta(hours=13))
    await raise_all(engine, ["laptop-1", "laptop-2"])
    state = await engine.rollout()
    assert (state.ring.number, len(state.waiting)) == (1, 1)


async def test_a_cure_that_is_seen_late_lets_the_runbook_go_on() -> None:
    engine = Engine((book(),))
    await raise_all(engine, laptops(2))
    [name], acted_at = await verifying(engine), engine.clock.now()
    await engine.settle(10 * MINUTE)
    assert (await engine.rollout()).stop is not None
    await engine.hear(measured(40.0, acted_at + 9 * SECOND, name))
    await engine.settle(2 * SECOND)
    assert (await engine.rollout()).stop is None
    assert len(engine.target.calls) == 2


async def test_a_runbook_without_rings_and_guard_has_no_record_of_them() -> None:
    engine = Engine((runbook(),))
    await raise_all(engine, laptops(3))
    assert await engine.rollouts.find({}) == []
    assert len(engine.target.calls) == 3
