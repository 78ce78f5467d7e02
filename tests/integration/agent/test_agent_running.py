"""The agent as a process on a real broker: killed at each boundary, cut off, lied to."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts.events.devices import (
    AgentConnected,
    CommandAnswered,
    DeviceOutcome,
    PolicyApplied,
    PolicyOutcome,
)
from desk_contracts.events.telemetry import Measured
from desk_testing.eventually import eventually

from tests.support.agent_device import (
    DEVICE,
    STRANGER,
    Folder,
    clean_policy,
    issue,
    issue_policy,
    order,
)
from tests.support.agent_process import AgentProcess, DeskSide

pytestmark = pytest.mark.connected


async def test_it_measures_obeys_and_answers(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder
) -> None:
    folder.fill("a", "b")
    agent.start()
    await eventually(lambda: desk_side.events(Measured))
    command = await desk_side.give("clean-disk", folder="caches")
    answer = await desk_side.answer_to(command)
    assert (answer.outcome, answer.details["removed"]) == (DeviceOutcome.DONE, "2")

    async def has_measured_both() -> bool:
        events = await desk_side.events(Measured)
        free = {round(event.value) for event in events if event.name == "disk.free.percent"}
        return {60, 100} <= free

    await eventually(has_measured_both)

    async def offsets() -> list[float]:
        events = await desk_side.events(Measured)
        return [event.value for event in events if event.name == "clock.offset.seconds"]

    assert all(abs(offset) < 60 for offset in await eventually(offsets))


@pytest.mark.parametrize("is_before", [True, False])
async def test_killed_around_the_act_it_neither_loses_nor_repeats_it(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder, is_before: bool
) -> None:
    """Between journal and act, and between act and answer: the program itself kills the agent."""
    effect, kill = f"echo start >> {folder.starts}", 'kill -9 "$PPID"'
    folder.restart_with(*((kill, "exit 0") if is_before else (effect, kill)))
    agent.start()
    command = await desk_side.give()
    await eventually(lambda: agent.is_dead)
    assert await desk_side.events(CommandAnswered) == []
    folder.restart_with(effect)
    agent.start()
    answer = await desk_side.answer_to(command)
    assert answer.outcome is (DeviceOutcome.NOT_TAKEN if is_before else DeviceOutcome.DONE)
    assert folder.count_of_starts == (0 if is_before else 1)
    await desk_side.repeat(command, 2)
    again = await desk_side.answer_to(command, 2)
    assert (again.outcome, folder.count_of_starts) == (DeviceOutcome.DONE, 1)


async def test_what_the_device_does_not_show_is_in_doubt_and_not_repeated(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder
) -> None:
    folder.restart_with(f"echo start >> {folder.starts}", 'kill -9 "$PPID"')
    agent.start()
    command = await desk_side.give(name="blind")
    await eventually(lambda: agent.is_dead)
    agent.start()
    assert (await desk_side.answer_to(command)).outcome is DeviceOutcome.IN_DOUBT
    await desk_side.repeat(command, 2)
    assert (await desk_side.answer_to(command, 2)).outcome is DeviceOutcome.IN_DOUBT
    assert folder.count_of_starts == 1
    assert not agent.is_dead


async def test_strangers_old_orders_and_orders_for_others_do_nothing(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder
) -> None:
    now = datetime.now(UTC)
    forged = order(at=now, name="spooler")
    late = order(at=now - timedelta(hours=3), name="spooler", run="run-2")
    other = order(at=now, device="laptop-8", name="spooler", run="run-3")
    await desk_side.send(issue(forged, STRANGER))
    await desk_side.send(issue(late))
    await desk_side.send(issue(other))
    agent.start()
    answers = [await desk_side.answer_to(command) for command in (forged, late, other)]
    assert [answer.reason.code for answer in answers] == [
        "device.unknown-key",
        "device.expired",
        "device.for-another",
    ]
    command = await desk_side.give()
    await desk_side.answer_to(command)
    assert folder.count_of_starts == 1


async def test_cut_off_it_heals_by_its_policy_and_tells_it_when_it_is_back(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder, kafka: str
) -> None:
    agent.start()
    await desk_side.send(issue_policy(clean_policy(datetime.now(UTC))))

    async def is_kept() -> bool:
        connected = await desk_side.events(AgentConnected)
        return any(event.policies == {"clean-ahead": "1"} for event in connected)

    await eventually(is_kept)
    agent.stop()
    folder.write_config("127.0.0.1:9", desk_side.prefix)
    folder.fill("a", "b", "c", "d")
    began = datetime.now(UTC)
    agent.start()
    await eventually(lambda: folder.files() == set())
    healed = datetime.now(UTC)
    agent.kill()
    folder.write_config(kafka, desk_side.prefix)
    agent.start()

    async def find_applied() -> PolicyApplied:
        return (await desk_side.events(PolicyApplied))[0]

    applied = await eventually(find_applied)
    assert (applied.outcome, applied.after) == (PolicyOutcome.HEALED, 100)
    assert began <= applied.started_at <= healed
    bad = [
        event
        for event in desk_side.seen.values()
        if isinstance(event.data, Measured)
        and event.data.name == "disk.free.percent"
        and event.data.value < 50
    ]
    assert bad
    assert all(began <= event.time <= healed for event in bad), "at their own time"


async def test_killed_again_and_again_while_it_sends_no_event_is_lost_or_another_one(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder, kafka: str
) -> None:
    folder.write_config("127.0.0.1:9", desk_side.prefix)
    agent.start()
    state = folder.root / "state" / "agent.db-wal"
    await eventually(lambda: state.exists() and state.stat().st_size > 400_000)
    agent.kill()
    folder.write_config(kafka, desk_side.prefix)
    for _ in range(5):
        before = len(desk_side.seen)
        agent.start()

        async def has_more(before: int = before) -> bool:
            await desk_side.read()
            return len(desk_side.seen) > before + 3

        await eventually(has_more)
        agent.kill()
    agent.start()

    async def numbers() -> list[int]:
        await desk_side.read()
        events = [e for e in desk_side.seen.values() if isinstance(e.data, Measured)]
        return sorted(int(event.id.rpartition("-")[2]) for event in events)

    async def is_whole() -> bool:
        have = await numbers()
        return len(have) > 40 and have[0] == 1 and have == list(range(1, have[-1] + 1))

    await eventually(is_whole)
    assert {event.subject for event in desk_side.seen.values()} == {DEVICE}


async def test_killed_at_any_moment_each_order_is_carried_out_once(
    desk_side: DeskSide, agent: AgentProcess, folder: Folder
) -> None:
    """A dozen kills at moments of chance; the desk sends again what surely was not done."""
    chance = random.Random(7)  # noqa: S311 (moments, no secrets)
    now = asyncio.get_running_loop().time
    folder.restart_with("sleep 0.1", f"echo start >> {folder.starts}", "sleep 0.1")
    agent.start()
    await eventually(lambda: desk_side.events(Measured))
    for count in range(1, 13):
        command = await desk_side.give()
        moment = now() + chance.uniform(0, 0.8)

        def is_time(moment: float = moment) -> bool:
            return now() > moment

        await eventually(is_time, interval=0.005)
        agent.kill()
        agent.start()
        answer, token = await desk_side.answer_to(command), 1
        while answer.outcome is DeviceOutcome.NOT_TAKEN:
            token += 1
            await desk_side.repeat(command, token)
            answer = await desk_side.answer_to(command, token)
        assert (answer.outcome, folder.count_of_starts) == (DeviceOutcome.DONE, count)
