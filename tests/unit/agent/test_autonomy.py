"""What a device does by itself: by a signed policy, within its limits, told when it is back."""

from datetime import timedelta
from pathlib import Path

import pytest
from desk_agent.entry import Entry, OrderState
from desk_agent.journal import KEPT
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.devices import PolicyApplied, PolicyOutcome

from tests.support.agent_device import STRANGER, Device, Folder, clean_policy, issue_policy

AWAY = timedelta(minutes=5)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    device = Device(Folder(tmp_path))
    device.folder.fill("a", "b", "c", "d")
    return device


def look(
    device: Device, times: int = 1, offline_for: timedelta | None = AWAY
) -> list[PolicyApplied]:
    for _ in range(times):
        value = device.sensors.read("disk.free.percent")
        assert value is not None
        device.autonomy.consider({"disk.free.percent": value}, offline_for)
        device.times.advance(timedelta(seconds=30))
    return device.spooled(PolicyApplied)


def test_cut_off_it_heals_after_enough_bad_measurements_and_tells_it(device: Device) -> None:
    assert device.autonomy.keep(issue_policy(clean_policy(device.clock.now())))
    assert look(device) == []
    [applied] = look(device)
    assert applied.outcome is PolicyOutcome.HEALED
    assert (round(applied.before), applied.after) == (20, 100)
    assert device.folder.files() == set()


def test_while_the_desk_is_in_reach_it_leaves_the_healing_to_it(device: Device) -> None:
    device.autonomy.keep(issue_policy(clean_policy(device.clock.now())))
    assert look(device, 5, timedelta(0)) == []
    assert look(device, 5, None) == []


def test_in_reach_nothing_is_done_however_soon_a_policy_may_act(device: Device) -> None:
    at_once = clean_policy(device.clock.now()).model_copy(update={"offline_for": timedelta(0)})
    device.autonomy.keep(issue_policy(at_once))
    assert look(device, 5, None) == []
    assert len(look(device, 1, timedelta(0))) == 1


def test_it_keeps_to_cooldown_and_number_a_day(device: Device) -> None:
    device.autonomy.keep(issue_policy(clean_policy(device.clock.now(), per_day=2)))
    done = []
    for _ in range(3):
        device.folder.fill("a", "b", "c", "d")
        done.append(len(look(device, 4)))
        device.times.advance(timedelta(minutes=11))
    assert done == [1, 2, 2]
    device.folder.fill("a", "b", "c", "d")
    device.times.advance(timedelta(days=1))
    assert len(look(device, 2)) == 3


def test_within_the_cooldown_it_does_not_act_again(device: Device) -> None:
    device.autonomy.keep(issue_policy(clean_policy(device.clock.now())))
    look(device, 2)
    device.folder.fill("a", "b", "c", "d")
    assert len(look(device, 4)) == 1


def test_a_fix_that_does_not_help_is_not_called_healed(device: Device) -> None:
    device.folder.fill("a", "b", "c", "d", age=timedelta(0))
    device.autonomy.keep(issue_policy(clean_policy(device.clock.now())))
    assert [applied.outcome for applied in look(device, 2)] == [PolicyOutcome.NOT_HEALED]


@pytest.mark.parametrize(
    "changes",
    [{"device": "laptop-8"}, {"version": 1}, {"action": "format-disk"}, {"expires": None}],
)
def test_what_is_not_for_it_older_over_or_not_declared_is_not_obeyed(
    device: Device, changes: dict[str, object]
) -> None:
    now = device.clock.now()
    device.autonomy.keep(
        issue_policy(clean_policy(now, version=2).model_copy(update={"threshold": 1.0}))
    )
    if "expires" in changes:
        changes["expires"] = now - timedelta(seconds=1)
    policy = clean_policy(now, version=3).model_copy(update=changes)
    device.autonomy.keep(issue_policy(policy))
    assert look(device, 3) == []


def test_a_strangers_policy_is_not_kept_and_a_changed_one_not_obeyed(device: Device) -> None:
    policy = clean_policy(device.clock.now())
    assert not device.autonomy.keep(issue_policy(policy, STRANGER))
    assert device.autonomy.keep(issue_policy(policy.model_copy(update={"threshold": 1.0})))
    with device.database.write() as connection:
        connection.execute(
            "UPDATE policies SET document = replace(document, '\"threshold\\\":1.0', ?)",
            ('"threshold\\":50.0',),
        )
    [(document,)] = device.database.read("SELECT document FROM policies")
    assert "50.0" in str(document)
    assert look(device, 3) == []


def test_after_a_change_of_keys_it_asks_for_what_it_obeys_no_more(device: Device) -> None:
    policy = clean_policy(device.clock.now(), version=2)
    device.autonomy.keep(issue_policy(policy))
    assert device.autonomy.versions == {"clean-ahead": 2}
    pinned = dict(device.autonomy._pinned)
    device.autonomy._pinned = {}
    assert device.autonomy.versions == {}
    assert not device.autonomy.keep(issue_policy(policy))
    device.autonomy._pinned = pinned
    with device.database.write() as connection:
        connection.execute("UPDATE policies SET document = '{}'")
    assert not device.autonomy.keep(issue_policy(clean_policy(device.clock.now(), version=1)))
    assert device.autonomy.keep(issue_policy(policy))
    assert device.autonomy.versions == {"clean-ahead": 2}


def test_what_was_forgotten_gives_no_later_application_its_name(device: Device) -> None:
    device.autonomy.keep(issue_policy(clean_policy(device.clock.now())))
    for _ in range(3):
        device.folder.fill("a", "b", "c", "d")
        look(device, 2)
        device.times.advance(KEPT / 2)
        device.clock.anchor(device.times.wall)
        device.orders.journal.prune(device.clock.now())
    applied = [item.application for item in device.spooled(PolicyApplied)]
    assert len(applied) == len(set(applied))


@pytest.mark.parametrize(
    ("is_cleaned", "outcome", "state"),
    [
        (True, PolicyOutcome.HEALED, OrderState.DONE),
        (False, PolicyOutcome.NOT_HEALED, OrderState.NOT_TAKEN),
    ],
)
def test_a_kill_in_the_middle_is_settled_by_the_disk_itself(
    device: Device, is_cleaned: bool, outcome: PolicyOutcome, state: OrderState
) -> None:
    policy: DevicePolicy = clean_policy(device.clock.now())
    device.autonomy.keep(issue_policy(policy))
    baseline = device.orders.observe(policy.action, policy.parameters)
    device.orders.journal.record_intent(
        Entry(
            key="application",
            action=policy.action,
            parameters=policy.parameters,
            state=OrderState.INTENT,
            started_at=device.clock.now(),
            policy=policy,
            value=20.0,
            baseline=baseline,
        )
    )
    if is_cleaned:
        for path in device.folder.disk.iterdir():
            path.unlink()
    device.restart()
    device.orders.settle()
    # Killed here, between its end and the report: the next life reports it.
    device.restart()
    device.autonomy.report()
    device.autonomy.report()
    [applied] = device.spooled(PolicyApplied)
    assert applied.outcome is outcome
    settled = device.orders.journal.find("application")
    assert settled is not None
    assert settled.state is state
