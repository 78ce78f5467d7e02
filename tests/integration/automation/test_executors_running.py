"""A script whose service is killed after the effect and before the answer, on real servers."""

import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from desk_contracts.events.automation import RunEscalated
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.all_that_is_kept import read_files_of, read_records
from tests.support.automation_desk import Automation, Bus, measured, raised
from tests.support.executor_sides import SECRET, hold_secrets

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]
HEALED, ESCALATED = "desk.run.healed.v1", "desk.run.escalated.v1"

# Has its effect, keeps the key, and hangs; a second time with that key it has nothing to do.
SCRIPT = """\
#!/bin/sh
echo "with $TOKEN"
if [ -e {folder}/effects/$1 ]; then exit 0; fi
printf %s "$TOKEN" > {folder}/effects/$1
sleep 300
"""
RUNBOOK = """\
id: clean-disk
title: Free space on a laptop's disk
why: It helps.
owner_team: workplace
risk: reversible
mode: auto
expires: 2027-12-31
when: data.signal == "disk-filling"
limits: {{per_target: {{cooldown: 1s, per_day: 9}}}}
steps:
  - id: clean
    kind: act
    executor: script
    effect: {effect}
    request:
      script: clean.sh
      sha256: {digest}
      arguments: ["${{key}}"]
      secrets: {{TOKEN: agent}}
    timeout: 120s
verify: {{measurement: disk.free.percent, at_least: 15, within: 20s}}
escalate: {{title: "The disk of ${{target}} is nearly full"}}
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the script's user reaches: those of pytest are closed."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "effects").mkdir()
        (folder / "effects").chmod(0o777)
        (folder / "clean.sh").write_text(SCRIPT.format(folder=folder))
        hold_secrets(folder, agent=SECRET)
        yield folder


@pytest.fixture
async def automation(
    service: Automation, place: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Automation]:
    """With a runbook of one script, of the effect that the test names."""
    charter = write_charter(tmp_path / "charter", place, request.param)
    service.env |= {
        "DESK_CHARTER": str(charter),
        "AUTOMATION_SECRETS": str(place / "secrets"),
        "AUTOMATION_SCRIPTS": str(place),
    }
    await service.start()
    yield service
    service.stop()


def write_charter(charter: Path, place: Path, effect: str) -> Path:
    (charter / "runbooks").mkdir(parents=True)
    for file in CHARTER.glob("*.yaml"):
        (charter / file.name).write_bytes(file.read_bytes())
    digest = hashlib.sha256((place / "clean.sh").read_bytes()).hexdigest()
    text = RUNBOOK.format(effect=effect, digest=digest)
    (charter / "runbooks" / "clean-disk.yaml").write_text(text)
    return charter


def effects(place: Path) -> list[str]:
    return [path.read_text() for path in (place / "effects").iterdir()]


async def kill_after_the_effect(automation: Automation, bus: Bus, place: Path) -> None:
    await bus.publish(raised("laptop-1", "http://127.0.0.1:9"))

    async def is_done() -> bool:
        return effects(place) == [SECRET]

    await eventually(is_done, timeout=60)
    automation.kill()
    await automation.start()


@pytest.mark.parametrize("automation", ["keyed"], indirect=True)
async def test_a_script_that_keeps_its_key_is_sent_again_and_has_one_effect(
    automation: Automation,
    bus: Bus,
    place: Path,
    kafka: str,
    store_url: str,
) -> None:
    await kill_after_the_effect(automation, bus, place)

    async def is_healed() -> bool:
        await bus.publish(measured("laptop-1", 41.0))
        return HEALED in await bus.types_of("laptop-1")

    await eventually(is_healed, timeout=90, interval=0.2)
    assert effects(place) == [SECRET]
    [run] = await automation.runs(target="laptop-1")
    shown = (await automation.get(f"/v1/runs/{run['id']}")).content
    assert b"with ***" in shown
    automation.stop()
    records = await read_records(kafka, bus.prefix)
    assert records
    for text in (
        shown,
        automation.log.read_bytes(),
        *records,
        *read_files_of(store_url, bus.prefix),
    ):
        assert SECRET.encode() not in text


@pytest.mark.parametrize("automation", ["once"], indirect=True)
async def test_a_script_that_may_run_once_is_in_doubt_and_never_repeated(
    automation: Automation, bus: Bus, place: Path
) -> None:
    await kill_after_the_effect(automation, bus, place)

    async def is_escalated() -> bool:
        return ESCALATED in await bus.types_of("laptop-1")

    await eventually(is_escalated, timeout=90, interval=0.2)
    escalated = bus.data("laptop-1", ESCALATED)
    assert isinstance(escalated, RunEscalated)
    assert (escalated.outcome, len(effects(place))) == ("in_doubt", 1)
