"""A person asks for a restart of their own device: from the catalogue to a measured end.

The agent is a process whose end is the machine's. The program that would restart the machine is the
test's: it writes the number and the moment of another boot, and kills the agent.
"""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from desk_contracts import AnyEvent, Codec, Payload, names
from desk_contracts.events.automation import (
    ConsentAnswer,
    RunConsentRecorded,
    RunConsentRequested,
)
from desk_contracts.events.tickets import How, TicketAssigned, TicketResolved
from desk_testing import eventually
from desk_testing.slapd import MISSING, is_installed

from tests.support.agent_device import Folder
from tests.support.agent_process import AgentProcess
from tests.support.intake_around import Bus
from tests.support.own_device import OWN, Desk, run_desk, write_own_config
from tests.support.rebooting_agent import BOOTED_AT

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not is_installed(), reason=MISSING),
]
# The charter waits for a person and a machine; here both are quick.
QUICKER = {
    "timeout: 10s\n    retry: {attempts: 8, base: 15s, cap: 2m}": (
        "timeout: 5s\n    retry: {attempts: 20, base: 500ms, cap: 5s}"
    ),
    "timeout: 20s\n      retry: {attempts: 20, base: 10s, cap: 60s}": (
        "timeout: 2s\n      retry: {attempts: 20, base: 1s, cap: 3s}"
    ),
    "timeout: 6m\n    retry: {attempts: 2, base: 10s, cap: 60s}": (
        "timeout: 5s\n    retry: {attempts: 2, base: 1s, cap: 2s}"
    ),
}
# Longer than the runbook takes for a restart that has just been.
UP_FOR = 5_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "device")
    booted_at(made).write_text(str(time.time() - UP_FOR), encoding="utf-8")
    return made


@pytest.fixture
def agent(kafka: str, bus: Bus, folder: Folder) -> Iterator[AgentProcess]:
    config = write_own_config(folder, kafka, bus.prefix)
    agent = AgentProcess(folder, config, module="tests.support.rebooting_agent")
    agent.start()
    yield agent
    if not agent.is_dead:
        agent.kill()


@pytest.fixture
async def desk(kafka: str, store_url: str, bus: Bus, tmp_path: Path) -> AsyncIterator[Desk]:
    async with run_desk(kafka, store_url, bus, tmp_path, "restart-own-device", QUICKER) as desk:
        yield desk


def booted_at(folder: Folder) -> Path:
    return folder.root / BOOTED_AT


def reboots(folder: Folder) -> int:
    """How often the machine was told to start anew."""
    file = folder.root / "reboots"
    return len(file.read_text().splitlines()) if file.exists() else 0


def rebooting_with(folder: Folder, *lines: str, consent: str = "exit 0") -> None:
    """What happens when the machine is told to; the last of it is that the agent is gone."""
    note = f"echo told >> {folder.root / 'reboots'}"
    folder.reboot_with(note, *lines, 'kill -9 "$PPID"', consent=consent)


def anew(folder: Folder) -> tuple[str, str]:
    return f"echo boot-2 > {folder.boot}", f"date +%s > {booted_at(folder)}"


async def ended(desk: Desk, ticket: str, *expected: str) -> None:
    async def is_there() -> bool:
        return await desk.track(ticket) == expected

    await eventually(is_there, timeout=150)


async def ticket_events(desk: Desk, bus: Bus, ticket: str) -> list[Payload]:
    return [event.data for event in await bus.of(ticket, await desk.sequence(ticket))]


async def said_by_automation(bus: Bus) -> list[Payload]:
    """All of its topic so far."""
    consumer = AIOKafkaConsumer(
        bus.prefix + names.AUTOMATION, bootstrap_servers=bus.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    ends = await consumer.end_offsets(consumer.assignment())
    records: list[AnyEvent] = []
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        for batch in (await consumer.getmany(timeout_ms=200)).values():
            records += [Codec().decode(it.key, it.value, it.headers) for it in batch]
    await consumer.stop()
    return [event.data for event in {event.id: event for event in records}.values()]


async def test_a_restart_that_was_asked_for_ends_by_what_the_new_boot_measures(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    rebooting_with(folder, *anew(folder))
    ticket = await desk.ask("reboot")
    await eventually(lambda: agent.is_dead, timeout=120)
    assert (await desk.track(ticket))[0] == "started"
    agent.start()
    await ended(desk, ticket, "done", "resolved")
    assert reboots(folder) == 1
    [resolved] = [
        it for it in await ticket_events(desk, bus, ticket) if isinstance(it, TicketResolved)
    ]
    [run] = await desk.automation.runs(target=OWN)
    assert (resolved.how, resolved.verified_by) == (How.AUTOMATION, run["id"])
    assert run["outcome"] == "healed"
    events = await said_by_automation(bus)
    [consent] = [it for it in events if isinstance(it, RunConsentRecorded)]
    assert (consent.by, consent.request, consent.answer) == ("ivy", ticket, ConsentAnswer.NOW)
    assert not [it for it in events if isinstance(it, RunConsentRequested)]


async def test_a_device_that_is_long_in_coming_back_is_in_doubt_until_its_boot_tells(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    """The order's time is over, and automation is killed, before the machine is up again."""
    rebooting_with(folder, *anew(folder))
    ticket = await desk.ask("reboot")
    await eventually(lambda: agent.is_dead, timeout=120)

    async def is_asked() -> bool:
        run = (await desk.automation.runs(target=OWN))[0]
        detail = (await desk.automation.get(f"/v1/runs/{run['id']}")).json()
        return any(line["step"] == "restart/confirm" for line in detail["journal"])

    await eventually(is_asked, timeout=60)
    desk.automation.kill()
    await desk.automation.start()
    assert (await desk.track(ticket))[0] == "started"
    agent.start()
    await ended(desk, ticket, "done", "resolved")
    assert reboots(folder) == 1
    [run] = await desk.automation.runs(target=OWN)
    assert run["outcome"] == "healed"
    assert not [
        it for it in await ticket_events(desk, bus, ticket) if isinstance(it, TicketAssigned)
    ]


async def test_the_same_boot_as_before_is_never_told_as_a_restart(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    """Only the agent ended. What became of the order nobody knows, so the team gets it."""
    quick = "[reboot]\nwithin = 2\nconsent_timeout = 2\n"
    agent.kill()
    agent.config.write_text(agent.config.read_text().replace("[reboot]\n", quick))
    rebooting_with(folder)
    agent.start()
    ticket = await desk.ask("reboot")
    await eventually(lambda: agent.is_dead, timeout=120)
    agent.start()
    await ended(desk, ticket, "handed-over", "assigned")
    assert reboots(folder) == 1
    [run] = await desk.automation.runs(target=OWN)
    assert run["outcome"] == "in_doubt"
    data = await ticket_events(desk, bus, ticket)
    assert [it.team for it in data if isinstance(it, TicketAssigned)] == ["workplace"]
    assert not [it for it in data if isinstance(it, TicketResolved)]
    assert await desk.reasons(ticket)


async def test_who_sits_there_may_still_say_no(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    """The agent's own program asks at the device; who asked in the catalogue may be elsewhere."""
    rebooting_with(folder, *anew(folder), consent="exit 1")
    ticket = await desk.ask("reboot")
    await ended(desk, ticket, "handed-over", "assigned")
    assert reboots(folder) == 0
    assert not agent.is_dead
    data = await ticket_events(desk, bus, ticket)
    assert [it.team for it in data if isinstance(it, TicketAssigned)] == ["workplace"]
