"""An open breaker on a real broker and store: one ticket, the rest counted, whoever is killed."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.events.automation import RunbookStopped, RunEscalated, RunSkipped
from desk_contracts.events.breakers import RunbookMatchesWithheld
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running
from tests.support.useless_runbook import useless_runbook

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

RUNBOOK = useless_runbook(within="5s", consecutive=1)
FURTHER = [f"laptop-{number}" for number in range(1, 41)]


@pytest.fixture
async def replica(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    (charter / "runbooks" / "useless.yaml").write_text(RUNBOOK, encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service):
        yield service


async def of_type(bus: Bus, kind: type) -> list[Any]:
    await bus.read()
    return [event.data for event in bus.seen.values() if type(event.data) is kind]


async def show(replica: Automation) -> dict[str, Any]:
    items = (await replica.get("/v1/runbooks")).json()["items"]
    [shown] = [item for item in items if item["id"] == "useless"]
    assert isinstance(shown, dict)
    return shown


async def open_breaker(bus: Bus, target: Target) -> RunbookStopped:
    await bus.publish(raised("laptop-0", target.url, "useless"))

    async def is_open() -> list[Any]:
        if target.requests:
            await bus.publish(measured("laptop-0", 4.0))
        return await of_type(bus, RunbookStopped)

    [stopped] = await eventually(is_open, timeout=120, interval=0.4)
    assert isinstance(stopped, RunbookStopped)
    return stopped


async def test_of_many_matches_one_has_a_ticket_and_all_others_are_counted_though_it_is_killed(
    replica: Automation, bus: Bus, target: Target
) -> None:
    stopped = await open_breaker(bus, target)
    for part in (FURTHER[:20], FURTHER[20:]):
        before = len(await of_type(bus, RunSkipped))
        await bus.publish(*(raised(name, target.url, "useless") for name in part))

        async def some_are_withheld(before: int = before) -> bool:
            return len(await of_type(bus, RunSkipped)) > before

        await eventually(some_are_withheld, timeout=120, interval=0.05)
        replica.kill()  # some are counted, some are in hand
        replica.launch()
        await eventually(replica.is_ready, timeout=240, interval=0.1)

    async def all_are_counted() -> bool:
        return bool((await show(replica))["withheld"] >= len(FURTHER))

    await eventually(all_are_counted, timeout=120, interval=0.2)
    shown = await show(replica)
    assert (shown["breaker"], shown["withheld"]) == ("open", len(FURTHER))
    assert {data.run for data in await of_type(bus, RunEscalated)} == {stopped.run}
    skipped = await of_type(bus, RunSkipped)
    assert len(skipped) == len(FURTHER)
    for data in skipped:
        [reason] = data.explanation
        assert (reason.code, reason.params["run"]) == ("run.breaker-open", stopped.run)
    counts = {data.count for data in await of_type(bus, RunbookMatchesWithheld)}
    assert counts == {1, 2, 4, 8, 16, 32}
    [why, *_] = (await replica.get("/v1/why?subject=laptop-7")).json()["looks"]
    assert stopped.run in str(why["text"])
    assert len({path for path, _ in target.requests}) == 1
