"""Many runs wait for one place: each that becomes free is taken at once, in a fair order."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.matching.decide import RunPolicy
from desk_automation.runs import lifecycle
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.store import count_waiting, run_rule
from desk_automation.safety.model import Refusal
from desk_automation.safety.queue_numbers import QueueNumbers
from desk_charter.runbooks import Runbook
from desk_charter.services import Service
from desk_contracts.events.automation import RunEscalated, RunStarted
from desk_contracts.message import verbatim
from desk_kernel import Decision
from hypothesis import given
from hypothesis import strategies as st

from tests.support.automation_engine import START, Engine, raised, runbook
from tests.support.automation_held_back import FREEZE, window
from tests.support.automation_restraints import FakeRestraints

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ERP = "service/erp"


def book(id: str, signal: str, priority: str = "P3") -> Runbook:
    return runbook(
        id=id,
        when=f'data.attributes.kind == "{signal}"',
        priority=priority,
        in_window="wait",
        limits={"per_target": {"cooldown": "1s", "per_day": 999}, "per_runbook": {"per_hour": 999}},
        breaker={"consecutive": 999, "reopen_after": "30m"},
        verify={"measurement": "disk.free.percent", "at_least": 15, "within": "2s"},
    )


def make_engine(**healing: object) -> Engine:
    entry = {"name": "erp", "title": "ERP", "owner": "business-apps", "criticality": 1}
    service = Service.model_validate(entry | {"healing": healing or {"at_once": 1}})
    books = (book("flood", "a"), book("few", "b"), book("urgent", "c", "P1"))
    policy = RunPolicy(9 * HOUR, HOUR, EXECUTORS.kinds)
    return Engine(books, policy=policy, restraints=FakeRestraints(services=(service,)))


async def hear(engine: Engine, kind: str, count: int, target: str = "") -> None:
    for number in range(count):
        name, now = target or f"{kind}-{number}", engine.clock.now()
        signal = {"agent_url": "http://127.0.0.1:9000", "kind": kind}
        await engine.hear(
            raised(name, service="erp", episode=f"{kind}/{number}/{now}", at=now, attributes=signal)
        )


def list_starts(engine: Engine) -> list[tuple[datetime, str]]:
    """When each run began its act, and of which runbook it was."""
    events = {event.id: event for event in engine.bus.events()}.values()
    return [(e.time, e.data.runbook) for e in events if isinstance(e.data, RunStarted)]


def list_ends(engine: Engine) -> list[datetime]:
    events = {event.id: event for event in engine.bus.events()}.values()
    return [event.time for event in events if isinstance(event.data, RunEscalated)]


@pytest.mark.parametrize(
    ("target", "flood", "few", "urgent"), [("", 40, 16, 4), ("laptop-1", 150, 40, 10)]
)
async def test_of_two_hundred_each_begins_as_soon_as_the_one_before_has_ended(
    target: str, flood: int, few: int, urgent: int
) -> None:
    """They wait for the one place of a service, or for one target."""
    count = flood + few + urgent
    engine = make_engine(at_once=1 if not target else 9)
    line = f"target/{target}" if target else ERP
    await hear(engine, "a", flood, target)
    await engine.settle(12 * SECOND)
    await hear(engine, "b", few, target)
    await hear(engine, "c", urgent, target)
    await engine.settle(3 * SECOND)
    assert await count_waiting(engine.runs, line) >= count - 3
    while len(list_ends(engine)) < count:
        await engine.settle(MINUTE)
    starts, ends = list_starts(engine), list_ends(engine)
    assert len(starts) == count
    waits = [start - end for (start, _), end in zip(starts[1:], ends, strict=False)]
    # The cooldown of a target is one second.
    assert max(waits) <= 2 * SECOND
    order = [name for _, name in starts]
    first = order.index("urgent")
    assert first <= 3
    assert order[first : first + urgent] == ["urgent"] * urgent
    # The few do not wait for the flood that came before them: both have their queue_numbers.
    both = order[first + urgent :]
    for number in range(2 * few - 4):
        begun = Counter(both[:number])
        assert abs(begun["few"] - begun["flood"]) <= 2
    assert await count_waiting(engine.runs, line) == 0


async def test_who_is_called_and_held_back_by_a_window_calls_the_next_one() -> None:
    engine = make_engine()
    await hear(engine, "a", 3)
    await engine.settle(5 * SECOND)
    begins = engine.clock.now()
    frozen = {"devices": ["a-1"], "starts": begins, "ends": begins + HOUR}
    engine.restraints.windows = (window(**{**FREEZE, **frozen}),)
    await engine.settle(MINUTE)
    states = [item.state for item in await engine.runs.find({})]
    by_target = {run.target: run for run in states if run}
    assert (by_target["a-1"].phase, by_target["a-1"].line) == (Phase.QUEUED, "")
    [(_, _), (start, _)] = list_starts(engine)
    assert start - list_ends(engine)[0] <= SECOND
    assert by_target["a-2"].journal


async def test_who_cannot_be_read_holds_up_nobody_behind() -> None:
    engine = make_engine()
    await hear(engine, "a", 3)
    await engine.settle(2 * SECOND)
    line = await engine.runs.find_facets({"line": ERP}, order="queue_number", limit=2)
    later = {"timer_at": engine.clock.now() + HOUR}
    for id, _ in line:
        rule = run_rule(lambda run, _: Decision(run.model_copy(update=later)))
        await engine.journal.change(id, rule)
    engine.runs.damage(line[0][0])
    await engine.settle(45 * SECOND)
    [_, (start, _)] = list_starts(engine)
    assert start - list_ends(engine)[0] <= SECOND


async def test_room_for_more_is_filled_though_one_ended() -> None:
    engine = make_engine(people_at_once=1)
    await hear(engine, "a", 30)
    await engine.settle(5 * SECOND)
    [service] = engine.restraints.services
    more = service.model_dump() | {"healing": {"people_at_once": 8}}
    engine.restraints.services = (Service.model_validate(more),)
    await engine.settle(MINUTE)
    began = [at for at, _ in list_starts(engine)]
    assert len([at for at in began if at <= began[1] + SECOND]) >= 3
    await engine.settle(2 * MINUTE)
    assert len(list_ends(engine)) == 30


@pytest.mark.parametrize("side", ["before", "after"])
async def test_death_at_any_write_forgets_nobody_who_waits(side: str) -> None:
    number, has_died = 1, True
    while has_died:
        engine = make_engine()
        await hear(engine, "a", 3)
        setattr(engine.boundary, side, number)
        await engine.settle(HOUR)
        has_died = engine.crashes > 0
        assert len(list_ends(engine)) == 3, f"death {side} write {number}"
        assert await count_waiting(engine.runs, ERP) == 0
        number += 3
    assert number > 30


async def test_who_stands_in_a_line_for_the_first_time_asks_once_more() -> None:
    """What became free between the question and the write has called nobody."""
    engine = Engine((runbook(),))
    await engine.hear(raised())
    run = await engine.run()
    busy = Refusal("busy", verbatim("somebody acts"), holder="r", holder_runbook="o")
    busy = replace(busy, place="target/laptop-1", queue_number=7)

    def queue(run: Run) -> Run:
        return lifecycle.queue(run, busy, START).state

    first = queue(run)
    assert (first.timer_at, first.line, first.queue_number) == (START, "target/laptop-1", 7)
    assert queue(first).timer_at == START + 15 * SECOND
    elsewhere = lifecycle.queue(first, replace(busy, place=ERP, queue_number=1), START).state
    assert (elsewhere.timer_at, elsewhere.line) == (START, ERP)
    window_held = lifecycle.queue(first, Refusal("limit", verbatim("too often")), START).state
    assert window_held.line == ""


@given(st.lists(st.one_of(st.sampled_from("abc"), st.none()), max_size=80))
def test_nobody_waits_for_more_than_two_runs_of_each_other_runbook(steps: list[str | None]) -> None:
    """A letter is a run of that runbook that begins to wait; None: a place is free."""
    queue_numbers = QueueNumbers()
    line: list[tuple[int, int, str]] = []
    passed: dict[int, Counter[str]] = {}
    for number, name in enumerate(steps):
        if name is not None:
            if all(other != name for *_, other in line):
                passed[number] = Counter()
            queue_numbers = queue_numbers.give(name)
            line.append((queue_numbers.last_of(name), number, name))
        elif line:
            place = min(line)
            line.remove(place)
            queue_numbers = queue_numbers.reach(place[0])
            passed.pop(place[1], None)
            for before in passed.values():
                before[place[2]] += 1
        assert len(queue_numbers.last) <= 3
        assert all(count <= 2 for before in passed.values() for count in before.values())
