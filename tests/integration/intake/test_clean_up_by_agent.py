"""What a person asks for their own device is done by the agent on it: all as processes."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from desk_contracts.events.tickets import How, TicketAssigned, TicketResolved
from desk_testing import eventually
from desk_testing.processes import environment

from tests.support.agent_device import DEVICE, PRIVATE_KEY, Folder
from tests.support.agent_process import AgentProcess
from tests.support.automation_desk import Automation
from tests.support.fulfilling import PROJECT
from tests.support.intake_around import Bus, Intake
from tests.support.slapd import ADMIN, BASE, MISSING, WORD, Slapd, is_installed

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not is_installed(), reason=MISSING),
]
OWN = "laptop-ivy"
IVY = {"X-Desk-User": "ivy", "X-Desk-Roles": "employee"}
# The charter's guard asks again after minutes.
SLOW = "timeout: 10s\n    retry: {attempts: 20, base: 30s, cap: 5m}"
QUICK = "timeout: 2s\n    retry: {attempts: 20, base: 500ms, cap: 5s}"


@dataclass
class Desk:
    """Both services and whoever asks."""

    intake: Intake
    automation: Automation

    async def ask(self) -> str:
        async with httpx.AsyncClient(base_url=self.intake.url, headers=IVY, timeout=60) as http:
            answer = await http.post(
                "/v1/catalogue/clean-up/requests",
                json={"answers": {"device": OWN}},
                headers={"Idempotency-Key": '"once"'},
            )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def track(self, ticket: str) -> tuple[str, str]:
        shown = (await self.intake.get(f"/v1/requests/{ticket}", **IVY)).json()
        return shown["run"]["status"], shown["state"]

    async def reasons(self, ticket: str) -> list[str]:
        shown = (await self.intake.get(f"/v1/requests/{ticket}", **IVY)).json()
        return list(shown["run"]["reasons"])

    async def sequence(self, ticket: str) -> int:
        etag = (await self.intake.get(f"/v1/requests/{ticket}", **IVY)).headers["ETag"]
        return int(etag.strip('"').partition(".")[0])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "device")
    made.fill("a", "b", "c", "d")
    return made


@pytest.fixture
def agent(kafka: str, bus: Bus, folder: Folder) -> Iterator[AgentProcess]:
    """On the device of the person who asks. Not started yet."""
    config = folder.write_config(kafka, bus.prefix)
    config.write_text(config.read_text().replace(DEVICE, OWN))
    agent = AgentProcess(folder, config)
    yield agent
    if agent.process is not None and not agent.is_dead:
        agent.kill()


@pytest.fixture
async def desk(kafka: str, store_url: str, bus: Bus, tmp_path: Path) -> AsyncIterator[Desk]:
    charter = tmp_path / "charter"
    shutil.copytree(PROJECT / "charter", charter)
    runbook = charter / "runbooks" / "clean-own-device.yaml"
    text = runbook.read_text()
    assert SLOW in text
    runbook.write_text(text.replace(SLOW, QUICK))
    slapd = await Slapd.begin(tmp_path / "slapd")
    env = environment(
        kafka,
        store_url,
        bus.prefix,
        charter,
        INTAKE_DIRECTORY_HOST="127.0.0.1",
        INTAKE_DIRECTORY_PORT=str(slapd.port),
        INTAKE_DIRECTORY_SECURITY="none",
        INTAKE_DIRECTORY_BASE=BASE,
        INTAKE_DIRECTORY_USER=ADMIN,
        INTAKE_DIRECTORY_PASSWORD=WORD,
        AUTOMATION_DEVICE_SIGNING_KEY=PRIVATE_KEY,
    )
    made = Desk(
        Intake("intake", env, tmp_path / "intake.log"),
        Automation("automation", env, tmp_path / "automation.log"),
    )
    await asyncio.gather(made.intake.start(), made.automation.start())
    yield made
    made.intake.stop()
    made.automation.stop()
    slapd.stop()


async def test_the_agent_cleans_and_telemetry_resolves_the_ticket(
    desk: Desk, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    agent.start()
    ticket = await desk.ask()

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
    ticket = await desk.ask()

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
    ticket = await desk.ask()

    async def is_handed_over() -> bool:
        return await desk.track(ticket) == ("handed-over", "assigned")

    await eventually(is_handed_over, timeout=120)
    assert len(folder.files()) == 4
    data = [event.data for event in await bus.of(ticket, await desk.sequence(ticket))]
    assert [item.team for item in data if isinstance(item, TicketAssigned)] == ["workplace"]
    [run] = await desk.automation.runs(target=OWN)
    assert run["outcome"] == "not_healed"
    assert await desk.reasons(ticket)
