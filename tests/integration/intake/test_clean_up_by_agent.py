"""What a person asks for their own device is done by the agent on it: all as processes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from desk_contracts.events.tickets import How, TicketAssigned, TicketResolved
from desk_testing import eventually
from desk_testing.slapd import MISSING, is_installed

from tests.support.agent_device import Folder
from tests.support.agent_process import AgentProcess
from tests.support.intake_around import Bus
from tests.support.own_device import OWN, Desk, run_desk, write_own_config

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not is_installed(), reason=MISSING),
]
# The charter's guard asks again after minutes.
SLOW = "timeout: 10s\n    retry: {attempts: 20, base: 30s, cap: 5m}"
QUICK = "timeout: 2s\n    retry: {attempts: 20, base: 500ms, cap: 5s}"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "device")
    made.fill("a", "b", "c", "d")
    return made


@pytest.fixture
def agent(kafka: str, bus: Bus, folder: Folder) -> Iterator[AgentProcess]:
    """On the device of the person who asks. Not started yet."""
    agent = AgentProcess(folder, write_own_config(folder, kafka, bus.prefix))
    yield agent
    if agent.process is not None and not agent.is_dead:
        agent.kill()


@pytest.fixture
async def desk(kafka: str, store_url: str, bus: Bus, tmp_path: Path) -> AsyncIterator[Desk]:
    changes = {SLOW: QUICK}
    async with run_desk(kafka, store_url, bus, tmp_path, "clean-own-device", changes) as desk:
        yield desk


async def test_the_agent_cleans_and_telemetry_resolves_the_ticket(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    agent.start()
    ticket = await desk.ask("clean-up")

    async def is_done() -> bool:
        return await desk.track(ticket) == ("done", "resolved")

    await eventually(is_done, timeout=120)
    assert folder.files() == set()
    data = [event.data for event in await bus.of(ticket, await desk.sequence(ticket))]
    [resolved] = [item for item in data if isinstance(item, TicketResolved)]
    assert (resolved.how, resolved.requester) == (How.AUTOMATION, "ivy")
    [run] = await desk.automation.runs(target=OWN)
    assert (resolved.verified_by, run["outcome"]) == (run["id"], "healed")
    assert not [item for item in data if isinstance(item, TicketAssigned)]


async def test_a_device_that_is_away_is_waited_for_and_the_track_says_so(
    desk: Desk, agent: AgentProcess, folder: Folder
) -> None:
    ticket = await desk.ask("clean-up")

    async def says_why() -> bool:
        return any("does not answer" in reason for reason in await desk.reasons(ticket))

    await eventually(says_why, timeout=120)
    assert (await desk.track(ticket))[0] == "requested"
    assert len(folder.files()) == 4
    agent.start()

    async def is_done() -> bool:
        return await desk.track(ticket) == ("done", "resolved")

    await eventually(is_done, timeout=120)
    assert folder.files() == set()
    assert await desk.reasons(ticket) == []
    assert len(await desk.automation.runs(target=OWN)) == 1


async def test_what_the_device_refuses_its_team_gets(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    """The agent's own file does not declare that folder: nothing outside can widen it."""
    agent.config.write_text(agent.config.read_text().replace("[clean.caches]", "[clean.spool]"))
    agent.start()
    ticket = await desk.ask("clean-up")

    async def is_handed_over() -> bool:
        return await desk.track(ticket) == ("handed-over", "assigned")

    await eventually(is_handed_over, timeout=120)
    assert len(folder.files()) == 4
    data = [event.data for event in await bus.of(ticket, await desk.sequence(ticket))]
    assert [item.team for item in data if isinstance(item, TicketAssigned)] == ["workplace"]
    [run] = await desk.automation.runs(target=OWN)
    assert run["outcome"] == "not_healed"
    assert await desk.reasons(ticket)
