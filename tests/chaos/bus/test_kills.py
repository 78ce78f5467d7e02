"""The consumer rule under SIGKILL before and after each of its steps.

After every storm the store is the pure fold of the log, every derived event is on the bus under
one id, nothing is a dead letter, and the committed offsets are the log's end.
"""

import asyncio
import time
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from desk_cli.auditing import TicketLog, compare_reader
from desk_contracts.names import TICKETS, TRIAGE
from desk_testing import eventually

from tests.support import chaos_worker as worker
from tests.support.chaos_pipeline import ticket_event
from tests.support.chaos_rig import DEAD, ChaosRig, OpenRig, ended, logs_of, say, stopped
from tests.support.chaos_worker import STEPS

pytestmark = [pytest.mark.chaos, pytest.mark.connected, pytest.mark.timeout(420)]

RIGS = 4
# Three times through all the steps in each lane: 216 in all.
KILLS_PER_RIG = 54
SHORT_SESSION = timedelta(milliseconds=600)
TARGET_SECONDS = 15.0
SELDOM = ("keep", "park", "settle", "commit")
RELAYED = ("after write", "before publish", "amid publish", "after publish", "after settle")
NOT_REACHED_AFTER_SECONDS = 30.0


async def kill_again_and_again(rig: ChaosRig, kills: Counter[str]) -> None:
    order = [STEPS[(rig.seed + number) % len(STEPS)] for number in range(KILLS_PER_RIG)]
    rig.dice.shuffle(order)
    await rig.publish_chunk(size=400)  # more than documents remember by themselves
    for step in order:
        nth = rig.dice.randint(1, 70 if "decode" in step else 3)
        if step.partition(" ")[2] in SELDOM:  # few, however many batches
            nth = 1
        code = None
        while code is None:
            await rig.publish_chunk()
            process = rig.start(rig.plan(step, nth, SHORT_SESSION))
            code = await ended(process, NOT_REACHED_AFTER_SECONDS)
            if code is None:
                process.kill()
                await ended(process, 10)
        assert code == -9, f"{step}: ended with {code}\n{logs_of([rig])}"
        kills[step] += 1


async def recover(rig: ChaosRig, session: timedelta | None = None) -> float:
    """Seconds from a start after the kills until everything is handled and committed.

    Each event that has to be tried again holds its ticket up for a second and more.
    """
    began = time.monotonic()
    process = rig.start(rig.plan(session=session))
    await eventually(rig.has_settled, timeout=60, interval=0.1)
    seconds = time.monotonic() - began
    await stopped(process)
    return seconds


async def check(rig: ChaosRig) -> tuple[int, int]:
    """Everything that must hold; how many events were derived, and how many copies beside."""
    expected = rig.expected()
    await rig.has_settled()
    # An event without a trace gets that of the batch in which it happens to be read.
    events = [event._replace(traceparent="") for event in await rig.read(TRIAGE)]
    by_id = {event.id: event for event in events}
    assert by_id.keys() == expected.derived.keys()
    assert by_id == expected.derived
    for event in events:
        assert event == by_id[event.id]
    first_seen = {id: place for place, id in reversed([*enumerate(e.id for e in events)])}
    for ids in expected.in_order.values():  # each outbox whole and in order, whatever was killed
        assert sorted(ids, key=first_seen.__getitem__) == ids
    assert await rig.read(DEAD) == []
    book = TicketLog()
    for event in await rig.read(TICKETS):
        book.add(event)
    findings = book.findings()
    compare_reader(book, await rig.store.census("tickets"), findings)
    # The input repeats old events on purpose; nothing else may be wrong.
    assert findings.is_clean, list(findings.lines())
    assert findings.repeats > 0
    return len(by_id), len(events) - len(by_id)


async def test_no_step_loses_or_doubles_anything_when_it_is_killed(
    open_rig: OpenRig, capsys: pytest.CaptureFixture[str]
) -> None:
    rigs = [await open_rig(seed) for seed in range(RIGS)]
    kills: Counter[str] = Counter()
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for rig in rigs:
            group.create_task(kill_again_and_again(rig, kills))
    drains = [await recover(rig, SHORT_SESSION) for rig in rigs]
    outcomes = [await check(rig) for rig in rigs]
    derived, copies = (sum(column) for column in zip(*outcomes, strict=True))
    say(
        capsys,
        f"{kills.total()} kills in {time.monotonic() - began:.0f} s, by step: {dict(kills)}; "
        f"{sum(len(rig.log) for rig in rigs)} events, {derived} derived, {copies} copies "
        f"with the same id; what was left was done after {max(drains):.1f} s",
    )
    assert kills.total() >= 200
    assert set(kills) == set(STEPS)
    assert min(kills.values()) >= 10


async def test_with_production_settings_a_kill_is_recovered_from_in_time(
    open_rig: OpenRig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = await open_rig(99)
    seconds: list[float] = []
    for step in ("after write", "amid publish", "before commit"):
        await rig.publish_chunk()
        assert await ended(rig.start(rig.plan(step)), 60) == -9
        seconds.append(await recover(rig))
    await check(rig)
    say(capsys, f"recovery with production settings: {', '.join(f'{s:.1f} s' for s in seconds)}")
    assert max(seconds) < TARGET_SECONDS


async def _goes_on(rig: ChaosRig, handled: int) -> bool:
    return await rig.handled() > handled


async def test_sigterm_in_mid_work_leaves_cleanly(open_rig: OpenRig) -> None:
    rig = await open_rig(11)
    for _ in range(6):
        await rig.publish_chunk(size=200)
        process = rig.start(rig.plan(session=SHORT_SESSION))
        handled = await rig.handled()
        await eventually(partial(_goes_on, rig, handled), timeout=30)
        await stopped(process)
    await recover(rig, SHORT_SESSION)
    await check(rig)


async def test_what_http_wrote_is_published_by_the_relay_after_a_kill(
    open_rig: OpenRig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = await open_rig(7)
    requested: dict[str, int] = {}
    kills = 0
    for step in RELAYED:
        tickets = {f"{step}-{number}": 1 + number % 4 for number in range(40)}
        process = rig.begin(worker.answer, rig.plan(step), tickets)
        assert await ended(process, 60) == -9, logs_of([rig])
        kills += 1
        requested |= tickets
    # What died unwritten was never answered; its asker asks again. What is written must come out.
    stored = {item.id for item in await rig.tales.find({}, limit=1_000)}
    for step in RELAYED:
        assert any(ticket.startswith(step) for ticket in stored)
    expected = {
        ticket_event(ticket, number, "asked").id
        for ticket in stored
        for number in range(1, requested[ticket] + 1)
    }
    began = time.monotonic()
    process = rig.begin(worker.relay, rig.plan())

    async def all_published() -> bool:
        assert {event.id for event in await rig.read(TICKETS)} == expected
        return True

    await eventually(all_published, timeout=60, interval=0.3)
    say(capsys, f"{kills} kills of writers; relayed after {time.monotonic() - began:.1f} s")
    book = TicketLog()
    for event in await rig.read(TICKETS):
        book.add(event)
    findings = book.findings()
    assert findings.is_clean, list(findings.lines())
    assert findings.tickets == len(stored)
    process.kill()
    await ended(process, 10)
