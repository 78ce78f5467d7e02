"""What waits to be sent: bounded, in order, under ids that stay, and what is dropped is told."""

from datetime import timedelta
from pathlib import Path

import pytest
from desk_agent.agent import hold_alone
from desk_agent.config import read_config
from desk_agent.database import Database
from desk_agent.sensors import Reading
from desk_agent.spool import Spool
from desk_contracts.errors import Invalid
from desk_contracts.events.telemetry import Observed

from tests.support.agent_device import Device, Folder, order


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(Folder(tmp_path))


def add(device: Device, spool: Spool, count: int) -> None:
    for number in range(count):
        reading = Reading("disk.free.percent", float(number), "%")
        device.times.advance(timedelta(minutes=1))
        spool.add(device.sensors.describe(reading), device.clock.now())


def test_events_keep_their_ids_and_moments_over_a_restart(device: Device) -> None:
    add(device, device.spool, 3)
    before = [event for _, event in device.spool.read()]
    device.restart()
    assert [event for _, event in device.spool.read()] == before
    assert len({event.id for event in before}) == 3
    assert before[0].source == "/endpoints/laptop-7"
    device.spool.forget([1, 2, 3])
    add(device, device.spool, 1)
    [(number, event)] = device.spool.read()
    assert (number, event.id in {other.id for other in before}) == (4, False)


def test_another_journal_has_other_ids(device: Device, tmp_path: Path) -> None:
    database = Database(tmp_path / "other" / "agent.db")
    assert database.journal != device.database.journal


def test_the_oldest_measurements_are_dropped_and_the_desk_is_told_how_many(device: Device) -> None:
    spool = Spool(device.database, "laptop-7", "/endpoints", most=10)
    device.take(order(at=device.clock.now(), name="spooler"))
    add(device, spool, 15)
    assert len(device.answers()) == 1, "what was done is never dropped"
    spool.report_dropped(device.clock.now())
    spool.report_dropped(device.clock.now())
    [observed] = device.spooled(Observed)
    assert observed.attributes == {"dropped": "5"}


def test_crashes_and_refused_sign_ins_are_told_once(tmp_path: Path) -> None:
    crashes, log = tmp_path / "crash", tmp_path / "btmp"
    crashes.mkdir()
    log.write_bytes(b"\0" * 384 * 7)
    device = Device(Folder(tmp_path / "device"))
    plan = device.config.telemetry.model_copy(update={"crashes": crashes, "sign_ins": log})
    device.config = device.config.model_copy(update={"telemetry": plan})
    device.restart()
    first = [payload.model_dump()["name"] for payload in device.sensors.report_incidents()]
    assert first == ["sign-in.failures"]
    (crashes / "editor.crash").touch()
    log.write_bytes(b"\0" * 384 * 9)
    crash, failures = device.sensors.report_incidents()
    assert crash.model_dump()["text"] == "editor.crash"
    assert failures.model_dump()["value"] == 2
    assert [item.model_dump()["name"] for item in device.sensors.report_incidents()] == [
        "sign-in.failures"
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("device = ", "cannot be read"),
        ('device = "x"', "state"),
        ('device = "x"\nstate = "/tmp/x"\npublic_keys = ["abc"]', "kafka"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=place):
        read_config(file)


def test_two_agents_never_share_a_state(tmp_path: Path) -> None:
    hold_alone(tmp_path / "agent.lock")
    with pytest.raises(Invalid, match="another agent"):
        hold_alone(tmp_path / "agent.lock")
