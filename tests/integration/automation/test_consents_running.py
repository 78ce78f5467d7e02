"""The person at a device is asked before an agent acts: automation and agent as processes."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.automation import (
    ConsentAnswer,
    Outcome,
    RunConsentRecorded,
    RunConsentRequested,
    RunEscalated,
    RunHealed,
    RunStepRecorded,
)
from desk_contracts.events.signals import SignalRaised
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.agent_device import DEVICE, PRIVATE_KEY, Folder
from tests.support.agent_process import AgentProcess
from tests.support.automation_desk import Automation, Bus, raised

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]
ANA = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}
FOUR = {"a", "b", "c", "d"}
P = TypeVar("P", bound=Payload)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "device")
    made.fill(*FOUR)
    return made


@pytest.fixture
def agent(kafka: str, bus: Bus, folder: Folder) -> Iterator[AgentProcess]:
    agent = AgentProcess(folder, folder.write_config(kafka, bus.prefix))
    agent.start()
    yield agent
    if not agent.is_dead:
        agent.kill()


@pytest.fixture
def within() -> str:
    return "10m"


@pytest.fixture
async def automation(
    service: Automation, within: str, agent: AgentProcess, tmp_path: Path
) -> AsyncIterator[Automation]:
    assert not agent.is_dead
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    runbook = charter / "runbooks" / "clean-disk-by-agent.yaml"
    text = runbook.read_text(encoding="utf-8")
    consent = f"consent: {{within: {within}, defer: 1h, again_after: 1d, otherwise: escalate}}"
    assert "target: subject\n" in text
    runbook.write_text(text.replace("target: subject\n", f"target: subject\n{consent}\n"))
    service.env |= {"DESK_CHARTER": str(charter), "AUTOMATION_DEVICE_SIGNING_KEY": PRIVATE_KEY}
    await service.start()
    yield service
    service.stop()


def full_disk() -> Event[SignalRaised]:
    """Of a device with the desk's own agent, whose person is ana."""
    event = raised(DEVICE, "http://127.0.0.1:1")
    data = event.data.model_copy(update={"attributes": {"agent": "desk-agent"}})
    return event._replace(data=data)


async def events(bus: Bus, kind: type[P]) -> list[AnyEvent]:
    """What automation said so far, each once."""
    await bus.read()
    return [event for event in bus.seen.values() if isinstance(event.data, kind)]


async def first(bus: Bus, kind: type[P]) -> P:
    async def find() -> P:
        data = (await events(bus, kind))[0].data
        assert isinstance(data, kind)
        return data

    return await eventually(find, timeout=120, interval=0.2)


async def questions(automation: Automation) -> list[dict[str, str]]:
    items: list[dict[str, str]] = (await automation.get("/v1/consents", **ANA)).json()["items"]
    return items


async def question(automation: Automation) -> dict[str, str]:
    """The one that waits for ana."""

    async def find() -> dict[str, str]:
        items = await questions(automation)
        assert len(items) < 2
        return items[0]

    return await eventually(find, timeout=120)


async def say(
    automation: Automation, waiting: dict[str, str], answer: str, key: str = "k", **more: str
) -> httpx.Response:
    body = {"plan": waiting["plan"], "answer": answer, **more}
    return await automation.post(f"/v1/consents/{waiting['run']}", f'"{key}"', json=body)


async def test_a_question_and_its_answer_outlive_kills_and_now_lets_it_run(
    automation: Automation, bus: Bus, folder: Folder
) -> None:
    await bus.publish(full_disk())
    waiting = await question(automation)
    for _ in range(2):
        automation.kill()
        await automation.start()
        assert await question(automation) == waiting
    assert folder.files() == FOUR
    assert (await say(automation, waiting, "now")).status_code == 200
    automation.kill()
    await automation.start()
    again = await say(automation, waiting, "now")
    assert again.status_code == 200, again.text
    await first(bus, RunHealed)
    assert folder.files() == set()
    assert len(await events(bus, RunConsentRequested)) == 1
    [recorded] = await events(bus, RunConsentRecorded)
    assert isinstance(recorded.data, RunConsentRecorded)
    assert (recorded.data.by, recorded.data.answer) == ("ana", ConsentAnswer.NOW)
    assert recorded.data.plan == waiting["plan"]
    assert await questions(automation) == []


async def test_later_begins_at_the_moment_that_was_chosen_though_automation_is_killed(
    automation: Automation, bus: Bus, folder: Folder
) -> None:
    await bus.publish(full_disk())
    waiting = await question(automation)
    too_late = datetime.now(UTC) + timedelta(hours=2)
    refused = await say(automation, waiting, "later", "far", at=too_late.isoformat())
    assert (refused.status_code, refused.json()["code"]) == (409, "not-then")
    at = datetime.now(UTC) + timedelta(seconds=15)
    assert (await say(automation, waiting, "later", at=at.isoformat())).status_code == 200
    automation.kill()
    await automation.start()
    await first(bus, RunHealed)
    steps = await events(bus, RunStepRecorded)
    assert steps
    assert min(event.time for event in steps) >= at
    assert folder.files() == set()


async def test_no_ends_it_and_nobody_is_asked_again(
    automation: Automation, bus: Bus, folder: Folder
) -> None:
    await bus.publish(full_disk())
    waiting = await question(automation)
    assert (await say(automation, waiting, "no", reason="I give a talk.")).status_code == 200
    ended = await first(bus, RunEscalated)
    assert (ended.outcome, ended.reason.code) == (Outcome.NOT_RUN, "consent.declined")
    automation.kill()
    await automation.start()
    await bus.publish(full_disk())

    async def codes() -> list[str]:
        ends = [event.data for event in await events(bus, RunEscalated)]
        return [data.reason.code for data in ends if isinstance(data, RunEscalated)]

    async def is_left_alone() -> bool:
        return await codes() == ["consent.declined", "consent.declined-before"]

    await eventually(is_left_alone, timeout=120)
    assert len(await events(bus, RunConsentRequested)) == 1
    assert await questions(automation) == []
    assert folder.files() == FOUR


@pytest.mark.parametrize("within", ["5s"])
async def test_silence_is_no_also_for_an_automation_that_was_dead_meanwhile(
    automation: Automation, bus: Bus, folder: Folder
) -> None:
    await bus.publish(full_disk())
    waiting = await question(automation)
    automation.kill()
    until = datetime.fromisoformat(waiting["until"])
    await eventually(lambda: datetime.now(UTC) > until, timeout=30)
    await automation.start()
    ended = await first(bus, RunEscalated)
    assert (ended.outcome, ended.reason.code) == (Outcome.NOT_RUN, "consent.silence")
    assert (await say(automation, waiting, "now")).json()["code"] == "run-is-over"
    assert not await events(bus, RunStepRecorded)
    assert folder.files() == FOUR
