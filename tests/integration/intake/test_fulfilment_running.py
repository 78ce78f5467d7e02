"""Intake and automation on real servers: what a person asks for is done by a runbook, once.

Both are killed in the middle: while the device's agent is at work.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from desk_contracts import Payload
from desk_contracts.events.fulfilment import FulfilmentStatus, TicketFulfilmentReported
from desk_contracts.events.tickets import How, TicketAssigned, TicketResolved
from desk_testing import eventually
from desk_testing.processes import environment
from desk_testing.slapd import ADMIN, BASE, MISSING, WORD, Slapd, is_installed

from tests.support.automation_desk import Automation, Target, measured
from tests.support.fulfilling import write_charter
from tests.support.intake_around import Bus, Intake

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not is_installed(), reason=MISSING),
]
DEVICE = "laptop-ivy"
IVY = {"X-Desk-User": "ivy", "X-Desk-Roles": "employee"}


@dataclass
class Pair:
    """Both services, the device's agent, and the person whose device it is."""

    intake: Intake
    automation: Automation
    agent: Target

    async def start(self) -> None:
        await asyncio.gather(self.intake.start(), self.automation.start())

    async def ask(self) -> str:
        async with httpx.AsyncClient(base_url=self.intake.url, headers=IVY, timeout=60) as http:
            answer = await http.post(
                "/v1/catalogue/reboot/requests",
                json={"answers": {"device": DEVICE}},
                headers={"Idempotency-Key": '"once"'},
            )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def ask_and_kill(self) -> str:
        """The request, after both were killed while it was done, and run again."""
        self.agent.delay = 2.0
        ticket = await self.ask()
        await eventually(lambda: self.agent.requests, timeout=90)
        self.intake.kill()
        self.automation.kill()
        self.agent.delay = 0.0
        await self.start()
        return ticket

    async def track(self, ticket: str) -> tuple[str, str]:
        answer = (await self.intake.get(f"/v1/requests/{ticket}", **IVY)).json()
        return answer["run"]["status"], answer["state"]


@pytest.fixture
async def pair(kafka: str, store_url: str, bus: Bus, tmp_path: Path) -> AsyncIterator[Pair]:
    """Not started yet: a test writes its charter before."""
    slapd = await Slapd.begin(tmp_path / "slapd")
    agent = Target()
    await agent.start()
    env = environment(
        kafka,
        store_url,
        bus.prefix,
        tmp_path / "charter",
        INTAKE_DIRECTORY_HOST="127.0.0.1",
        INTAKE_DIRECTORY_PORT=str(slapd.port),
        INTAKE_DIRECTORY_SECURITY="none",
        INTAKE_DIRECTORY_BASE=BASE,
        INTAKE_DIRECTORY_USER=ADMIN,
        INTAKE_DIRECTORY_PASSWORD=WORD,
        AUTOMATION_LEASE="2",
    )
    made = Pair(
        Intake("intake", env, tmp_path / "intake.log"),
        Automation("automation", env, tmp_path / "automation.log"),
        agent,
    )
    yield made
    made.intake.stop()
    made.automation.stop()
    await agent.stop()
    slapd.stop()


async def emitted(pair: Pair, bus: Bus, ticket: str) -> list[Payload]:
    """All that intake said of the ticket so far, each event once."""
    etag = (await pair.intake.get(f"/v1/requests/{ticket}", **IVY)).headers["ETag"]
    sequence = int(etag.strip('"').partition(".")[0])
    return [event.data for event in await bus.of(ticket, sequence)]


async def test_one_run_with_one_outcome_however_both_are_killed(
    pair: Pair, bus: Bus, tmp_path: Path
) -> None:
    write_charter(tmp_path, pair.agent.url, window="150s")
    await pair.start()
    ticket = await pair.ask_and_kill()

    async def is_done() -> bool:
        await bus.publish([measured(DEVICE, 1.0, "device.uptime.minutes")])
        return await pair.track(ticket) == ("done", "resolved")

    await eventually(is_done, timeout=150)
    assert len(await pair.automation.runs()) == 1
    assert sum(pair.agent.effects.values()) >= 1
    assert len(pair.agent.effects) == 1, "one idempotency key, whoever sent it"
    data = await emitted(pair, bus, ticket)
    ends = [
        item
        for item in data
        if isinstance(item, TicketFulfilmentReported) and item.status is FulfilmentStatus.DONE
    ]
    resolved = [item for item in data if isinstance(item, TicketResolved)]
    assert len(ends) == len(resolved) == 1
    assert (resolved[0].how, resolved[0].verified_by) == (How.AUTOMATION, ends[0].run)


async def test_a_run_that_nothing_proves_hands_the_ticket_to_its_team_once(
    pair: Pair, bus: Bus, tmp_path: Path
) -> None:
    write_charter(tmp_path, pair.agent.url, window="3s")
    await pair.start()
    ticket = await pair.ask_and_kill()

    async def is_handed_over() -> bool:
        return await pair.track(ticket) == ("handed-over", "assigned")

    await eventually(is_handed_over, timeout=150)
    assert len(await pair.automation.runs()) == 1
    assert len(pair.agent.effects) == 1
    data = await emitted(pair, bus, ticket)
    assert [item.team for item in data if isinstance(item, TicketAssigned)] == ["workplace"]
    assert not [item for item in data if isinstance(item, TicketResolved)]
