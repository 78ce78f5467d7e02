"""The policy that comes with the desk, on a device: what it does cut off, and when it must not."""

from datetime import timedelta
from pathlib import Path

import pytest
from desk_automation.devices.charter import POLICIES
from desk_charter.load import load_charter
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.devices import PolicyApplied, PolicyOutcome

from tests.support.agent_device import DEVICE, Device, Folder, issue_policy

CHARTER = Path(__file__).parents[3] / "charter"
# Twenty-four files of 4 % each leave 4 % free.
FULL = tuple(f"cache-{number}" for number in range(24))
AWAY = timedelta(minutes=20)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    device = Device(Folder(tmp_path))
    device.folder.fill(*FULL, size=4_000)
    return device


@pytest.fixture(scope="module")
def policy() -> DevicePolicy:
    [policy] = load_charter(CHARTER).of(POLICIES)
    given = policy.for_device(DEVICE)
    assert given is not None
    return given


def look(device: Device, offline_for: timedelta | None, times: int) -> list[PolicyApplied]:
    for _ in range(times):
        free = device.sensors.read("disk.free.percent")
        assert free is not None
        device.autonomy.consider({"disk.free.percent": free}, offline_for)
        device.times.advance(timedelta(minutes=1))
    return device.spooled(PolicyApplied)


def test_a_full_disk_is_cleaned_once_while_the_desk_is_away(
    device: Device, policy: DevicePolicy
) -> None:
    assert device.autonomy.keep(issue_policy(policy))
    [applied] = look(device, AWAY, 5)
    assert (applied.policy, applied.outcome) == ("clean-disk-offline", PolicyOutcome.HEALED)
    assert device.folder.files() == set()


@pytest.mark.parametrize("offline_for", [None, timedelta(minutes=5)])
def test_in_reach_of_the_desk_or_away_for_a_moment_the_device_leaves_it_alone(
    device: Device, policy: DevicePolicy, offline_for: timedelta | None
) -> None:
    device.autonomy.keep(issue_policy(policy))
    assert look(device, offline_for, 5) == []
    assert len(device.folder.files()) == len(FULL)


def test_where_nothing_is_old_enough_nothing_is_removed_and_nothing_called_healed(
    device: Device, policy: DevicePolicy
) -> None:
    device.folder.fill(*FULL, size=4_000, age=timedelta(0))
    device.autonomy.keep(issue_policy(policy))
    [applied] = look(device, AWAY, 5)
    assert applied.outcome is PolicyOutcome.NOT_HEALED
    assert len(device.folder.files()) == len(FULL)


def test_a_device_whose_own_file_declares_no_such_folder_does_nothing(
    device: Device, policy: DevicePolicy
) -> None:
    device.config.clean.clear()
    device.autonomy.keep(issue_policy(policy))
    assert look(device, AWAY, 5) == []
    assert len(device.folder.files()) == len(FULL)
