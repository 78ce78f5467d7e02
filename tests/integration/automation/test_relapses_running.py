"""On real servers, with automation killed: a cure is taken back, and what repeats is a problem."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_contracts.events.automation import FixRepeated, RunRelapsed
from desk_contracts.topics import all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.processes import CHARTER, ServiceProcess, environment

from tests.support.automation_desk import Automation, Bus, Target, measured, raised

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

HEALED, RELAPSED = "desk.run.healed.v1", "desk.run.relapsed.v1"
REPEATED = "desk.automation.fix-repeated.v1"
COOLDOWN, DEBT = "cooldown: 10m", "per_target: {times: 4"


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    """The desk's own, where the same target may be repaired twice, and twice is too often."""
    folder = tmp_path / "charter"
    shutil.copytree(CHARTER, folder)
    runbook = folder / "runbooks" / "clean-disk.yaml"
    text = runbook.read_text(encoding="utf-8")
    assert COOLDOWN in text
    assert DEBT in text
    text = text.replace(COOLDOWN, "cooldown: 1s").replace(DEBT, "per_target: {times: 2")
    runbook.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
async def triage(
    kafka: str, store_url: str, bus: Bus, tmp_path: Path, charter: Path
) -> AsyncIterator[ServiceProcess]:
    await apply_topics(
        KafkaSettings(bootstrap=kafka), all_topics([]), prefix=bus.prefix, partitions=2
    )
    env = environment(kafka, store_url, bus.prefix, DESK_CHARTER=str(charter))
    service = ServiceProcess("triage", env, tmp_path / "triage.log")
    await service.start()
    yield service
    service.stop()


async def heal(bus: Bus, times: int) -> None:
    """What is measured is well until so many runs are told as healed."""

    async def is_healed() -> bool:
        await bus.publish(measured("laptop-1", 41.0))
        return (await bus.types_of("laptop-1")).count(HEALED) == times

    await eventually(is_healed, timeout=120, interval=0.2)


async def find_problems(triage: ServiceProcess) -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await triage.get("/v1/problems")).json()["items"]
    return items


async def relapse(service: Automation, bus: Bus, target: Target) -> tuple[str, str]:
    """A cure, the same trouble again, another cure; the first run, and the second episode.

    Automation is away when the trouble is back, and dies once more while it mends it.
    """
    await bus.publish(raised("laptop-1", target.url))
    await heal(bus, 1)
    [first] = await service.runs(target="laptop-1")
    service.kill()
    again = raised("laptop-1", target.url)
    await bus.publish(again)
    await service.start()
    await eventually(lambda: sum(target.effects.values()) == 2, timeout=120)
    service.kill()
    await service.start()
    await heal(bus, 2)

    async def is_complete() -> bool:
        return {RELAPSED, REPEATED} <= set(await bus.types_of("laptop-1"))

    await eventually(is_complete, timeout=120, interval=0.2)
    return str(first["id"]), again.data.episode


async def test_a_cure_that_did_not_last_is_taken_back_and_a_fix_that_repeats_opens_a_problem(
    triage: ServiceProcess, service: Automation, bus: Bus, target: Target, charter: Path
) -> None:
    service.env["DESK_CHARTER"] = str(charter)
    await service.start()
    try:
        run, episode = await relapse(service, bus, target)
        shown = (await service.get(f"/v1/runs/{run}")).json()
    finally:
        service.stop()
    relapsed, repeated = bus.data("laptop-1", RELAPSED), bus.data("laptop-1", REPEATED)
    assert isinstance(relapsed, RunRelapsed)
    assert (relapsed.run, relapsed.again) == (run, episode)
    assert (shown["outcome"], shown["relapsed_at"] is not None) == ("healed", True)
    assert "taken back" in shown["status"]
    assert isinstance(repeated, FixRepeated)
    assert (repeated.team, repeated.count, len(repeated.runs)) == ("workplace", 2, 2)

    async def is_open() -> bool:
        return len(await find_problems(triage)) == 1

    await eventually(is_open, timeout=120, interval=0.5)
    [problem] = await find_problems(triage)
    assert (problem["team"], problem["runbook"]) == ("workplace", "clean-disk")
    assert (problem["target"], problem["status"]) == ("laptop-1", "proposed")
    assert (problem["tickets"], problem["ends_at"]) == (0, None)
