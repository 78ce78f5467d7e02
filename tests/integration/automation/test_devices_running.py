"""Automation and a device's agent, both as processes on a real broker and store."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from desk_contracts.events.automation import RunEscalated, RunHealed
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.agent_device import DEVICE, PRIVATE_KEY, Folder
from tests.support.agent_process import AgentProcess
from tests.support.automation_desk import Automation, Bus, raised

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

HEALED, ESCALATED = "desk.run.healed.v1", "desk.run.escalated.v1"
STEP = """  - id: clean
    kind: act
    executor: device
    effect: confirmable
    request: {action: clean-disk, parameters: {folder: caches}}
    confirm:
      executor: device
      request: {action: report-outcome, parameters: {command: "${act}"}}
      timeout: 5s
    timeout: 5s
    retry: {attempts: 4, base: 500ms, cap: 2s}

"""
POLICIES = """policies:
  - name: clean-ahead
    version: 1
    title: Free space on a laptop that is away
    owner_team: workplace
    devices: [laptop-*]
    measurement: disk.free.percent
    below: 50
    offline_for: 1s
    action: clean-disk
    parameters: {folder: caches}
    expires: 2099-12-31
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "device")


@pytest.fixture
def agent(kafka: str, bus: Bus, folder: Folder) -> Iterator[AgentProcess]:
    agent = AgentProcess(folder, folder.write_config(kafka, bus.prefix))
    yield agent
    if not agent.is_dead:
        agent.kill()


@pytest.fixture
async def automation(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    runbook = charter / "runbooks" / "clean-disk.yaml"
    text = runbook.read_text(encoding="utf-8").replace("within: 30s", "within: 12s")
    text, count = re.subn(r"  - id: clean\n.*?(?=# Only a measurement)", STEP, text, flags=re.S)
    assert count == 1
    runbook.write_text(text, encoding="utf-8")
    (charter / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    service.env |= {"DESK_CHARTER": str(charter), "AUTOMATION_DEVICE_SIGNING_KEY": PRIVATE_KEY}
    await service.start()
    yield service
    service.stop()


async def has(bus: Bus, type: str) -> bool:
    return type in await bus.types_of(DEVICE)


@pytest.mark.usefixtures("automation")
async def test_a_signed_order_cleans_a_real_folder_and_telemetry_shows_that_it_helped(
    bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    folder.fill("a", "b", "c", "d")
    agent.start()
    await bus.publish(raised(DEVICE, "http://127.0.0.1:1"))
    await eventually(lambda: has(bus, HEALED), timeout=120, interval=0.2)
    healed = bus.data(DEVICE, HEALED)
    assert isinstance(healed, RunHealed)
    assert healed.evidence[0].executor == "device"
    assert folder.files() == set()


async def test_a_silent_device_is_in_doubt_until_it_is_back_and_can_be_asked(
    automation: Automation, bus: Bus, agent: AgentProcess, folder: Folder
) -> None:
    """Nobody is there, the order expires; the agent that comes back says that it never had it."""
    folder.fill("a", "b", "c", "d")
    await bus.publish(raised(DEVICE, "http://127.0.0.1:1"))

    async def is_asking() -> bool:
        [run] = await automation.runs(target=DEVICE)
        detail = (await automation.get(f"/v1/runs/{run['id']}")).json()
        return any(line["step"] == "clean/confirm" for line in detail["journal"])

    async def begins_to_ask() -> bool:
        try:
            return await is_asking()
        except ValueError:
            return False

    await eventually(begins_to_ask, timeout=120, interval=0.2)
    agent.start()
    await eventually(lambda: has(bus, HEALED), timeout=120, interval=0.2)
    assert folder.files() == set()


async def test_a_device_that_never_comes_back_is_handed_to_people_in_doubt(
    automation: Automation, bus: Bus
) -> None:
    await bus.publish(raised(DEVICE, "http://127.0.0.1:1"))
    await eventually(lambda: has(bus, ESCALATED), timeout=180, interval=0.5)
    escalated = bus.data(DEVICE, ESCALATED)
    assert isinstance(escalated, RunEscalated)
    assert escalated.outcome == "in_doubt"
    assert [run["outcome"] for run in await automation.runs(target=DEVICE)] == ["in_doubt"]


async def test_what_a_device_healed_while_it_was_cut_off_becomes_a_run(
    automation: Automation, bus: Bus, agent: AgentProcess, folder: Folder, kafka: str
) -> None:
    agent.start()
    log = folder.root / "state" / "agent.db"

    def has_policy() -> bool:
        wal = log.with_name("agent.db-wal")
        return wal.exists() and b"clean-ahead" in wal.read_bytes() + log.read_bytes()

    await eventually(has_policy)
    await asyncio.to_thread(agent.stop)
    folder.write_config("127.0.0.1:9", bus.prefix)
    folder.fill("a", "b", "c", "d")
    agent.start()
    await eventually(lambda: folder.files() == set())
    await asyncio.to_thread(agent.kill)
    folder.write_config(kafka, bus.prefix)
    agent.start()
    await eventually(lambda: has(bus, HEALED), timeout=120, interval=0.2)
    healed = bus.data(DEVICE, HEALED)
    assert isinstance(healed, RunHealed)
    assert (healed.runbook, healed.title) == ("clean-ahead", "Free space on a laptop that is away")
    [run] = await automation.runs(target=DEVICE)
    assert (run["done_by"], run["outcome"], run["phase"]) == ("device", "healed", "healed")
    device = (await automation.get(f"/v1/devices/{DEVICE}")).json()
    obeyed = {"policy": "clean-ahead", "obeyed": "1", "in_force": "1", "is_current": True}
    assert device["policies"] == [obeyed]
