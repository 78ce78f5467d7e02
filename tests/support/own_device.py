"""Intake and automation as processes, and a person who asks for something on their own device."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from desk_testing.processes import environment
from desk_testing.slapd import ADMIN, BASE, WORD, Slapd

from tests.support.agent_device import DEVICE, PRIVATE_KEY, Folder
from tests.support.automation_desk import Automation
from tests.support.fulfilling import PROJECT
from tests.support.intake_around import Bus, Intake

OWN = "laptop-ivy"
IVY = {"X-Desk-User": "ivy", "X-Desk-Roles": "employee"}


@dataclass
class Desk:
    """Both services and whoever asks."""

    intake: Intake
    automation: Automation

    async def ask(self, item: str) -> str:
        async with httpx.AsyncClient(base_url=self.intake.url, headers=IVY, timeout=60) as http:
            answer = await http.post(
                f"/v1/catalogue/{item}/requests",
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


def write_own_config(folder: Folder, kafka: str, prefix: str) -> Path:
    """The file of the agent on that person's device."""
    config = folder.write_config(kafka, prefix)
    config.write_text(config.read_text().replace(DEVICE, OWN))
    return config


@asynccontextmanager
async def run_desk(
    kafka: str, store_url: str, bus: Bus, folder: Path, runbook: str, changes: Mapping[str, str]
) -> AsyncIterator[Desk]:
    """Both, ready, with the project's charter; `changes` are what a test cannot wait for."""
    charter = folder / "charter"
    shutil.copytree(PROJECT / "charter", charter)
    file = charter / "runbooks" / f"{runbook}.yaml"
    text = file.read_text()
    for slow, quick in changes.items():
        assert slow in text, slow
        text = text.replace(slow, quick)
    file.write_text(text)
    slapd = await Slapd.begin(folder / "slapd")
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
        AUTOMATION_LEASE="2",
    )
    made = Desk(
        Intake("intake", env, folder / "intake.log"),
        Automation("automation", env, folder / "automation.log"),
    )
    try:
        await asyncio.gather(made.intake.start(), made.automation.start())
        yield made
    finally:
        made.intake.stop()
        made.automation.stop()
        slapd.stop()
