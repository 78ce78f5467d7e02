"""Devices that connect get their policies, and what they healed alone becomes a run, once."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from desk_automation.devices.charter import PolicyOfDevices
from desk_automation.devices.model import DeviceRecord
from desk_automation.devices.store import DEVICES, device_projection
from desk_contracts import AnyEvent, Event
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.automation import (
    Outcome,
    RunEscalated,
    RunHealed,
    RunStarted,
    StepStatus,
)
from desk_contracts.events.devices import (
    AgentConnected,
    DeviceOutcome,
    PolicyApplied,
    PolicyIssued,
    PolicyOutcome,
)
from desk_contracts.message import message
from desk_kernel import Context
from desk_platform.clock import FakeClock
from desk_testing.fakes import FakeDocuments
from pydantic import ValidationError

from tests.support.agent_device import SIGNER

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = PolicyOfDevices(
    name="clean-ahead",
    version=2,
    title="Free space",
    owner_team="workplace",
    devices=("laptop-*",),
    measurement="disk.free.percent",
    below=10.0,
    action="clean-disk",
    parameters={"folder": "caches"},
    expires=date(2026, 12, 31),
)
APPLIED = PolicyApplied(
    application="app-1",
    policy="clean-ahead",
    version=2,
    title="Free space",
    team="workplace",
    action="clean-disk",
    measurement="disk.free.percent",
    threshold=10,
    before=4,
    after=60,
    started_at=NOW - timedelta(hours=2),
    outcome=PolicyOutcome.HEALED,
    reason=message("device.cleaned", count=3, freed=100),
)


def policies_of(device: str) -> Iterable[DevicePolicy]:
    policy = POLICY.for_device(device)
    return () if policy is None else (policy,)


PROJECTION = device_projection(FakeDocuments(DEVICES, FakeClock(NOW)), policies_of, SIGNER)


def event_of(data: AgentConnected | PolicyApplied, device: str = "laptop-7") -> AnyEvent:
    at = NOW - timedelta(hours=1)
    return Event(id="e1", source=f"/endpoints/{device}", subject=device, time=at, data=data)


def react(
    event: AnyEvent, record: DeviceRecord | None = None
) -> tuple[DeviceRecord | None, list[AnyEvent]]:
    assert list(PROJECTION.keys(event)) == [event.subject]
    decision = PROJECTION.react(record, event, Context(NOW))
    return (record, []) if decision is None else (decision.state, list(decision.events))


@pytest.mark.parametrize(
    ("device", "kept", "count"),
    [
        ("laptop-7", {}, 1),
        ("laptop-7", {"clean-ahead": "1"}, 1),
        ("laptop-7", {"clean-ahead": "2"}, 0),
        ("laptop-7", {"clean-ahead": "nonsense"}, 1),
        ("printer-1", {}, 0),
    ],
)
def test_a_device_gets_what_it_does_not_have_yet(
    device: str, kept: dict[str, str], count: int
) -> None:
    _, events = react(event_of(AgentConnected(journal="j", policies=kept), device))
    assert len(events) == count
    for event in events:
        assert isinstance(event.data, PolicyIssued)
        policy = DevicePolicy.model_validate_json(event.data.document)
        assert (event.subject, policy.device, policy.version) == (device, device, 2)


def test_without_a_key_nothing_is_issued() -> None:
    silent = device_projection(FakeDocuments(DEVICES, FakeClock(NOW)), policies_of, None)
    decision = silent.react(None, event_of(AgentConnected(journal="j")), Context(NOW))
    assert decision is not None
    assert decision.events == ()


def test_what_a_device_healed_alone_is_a_run_at_its_own_time_and_once() -> None:
    record, events = react(event_of(APPLIED))
    started, healed = events
    assert isinstance(started.data, RunStarted)
    assert isinstance(healed.data, RunHealed)
    assert (started.time, healed.time) == (APPLIED.started_at, NOW - timedelta(hours=1))
    assert (started.data.run, healed.data.run) == ("app-1", "app-1")
    assert react(event_of(APPLIED), record)[1] == []


@pytest.mark.parametrize(
    ("outcome", "reported"),
    [
        (PolicyOutcome.NOT_HEALED, Outcome.NOT_HEALED),
        (PolicyOutcome.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        (PolicyOutcome.IN_DOUBT, Outcome.IN_DOUBT),
    ],
)
def test_what_did_not_help_goes_to_the_team_with_the_evidence(
    outcome: PolicyOutcome, reported: Outcome
) -> None:
    applied = APPLIED.model_copy(update={"outcome": outcome, "after": None})
    _, [_, escalated] = react(event_of(applied))
    assert isinstance(escalated.data, RunEscalated)
    data = escalated.data
    assert (data.outcome, data.team, data.device) == (reported, "workplace", "laptop-7")
    # What the action came to nobody said, and it did not help.
    assert [item.status for item in data.evidence] == [StepStatus.IN_DOUBT, StepStatus.FAILED]
    failed = applied.model_copy(update={"action_outcome": DeviceOutcome.FAILED})
    _, [_, escalated] = react(event_of(failed))
    assert isinstance(escalated.data, RunEscalated)
    assert [item.status for item in escalated.data.evidence] == [StepStatus.FAILED] * 2


def test_a_device_that_speaks_of_tomorrow_is_not_believed() -> None:
    applied = APPLIED.model_copy(update={"started_at": NOW + timedelta(days=1)})
    _, [started, _] = react(event_of(applied))
    assert started.time == NOW


@pytest.mark.parametrize(
    "changes", [{"below": None}, {"above": 90.0}, {"action": "measure"}, {"devices": ()}]
)
def test_a_policy_that_nobody_can_mean_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PolicyOfDevices.model_validate(POLICY.model_dump() | changes)


def test_a_policy_is_obeyed_until_the_end_of_its_last_day() -> None:
    policy = POLICY.for_device("laptop-7")
    assert policy is not None
    assert policy.expires.date() == date(2026, 12, 31)
    assert policy.is_bad(9.9)
    assert not policy.is_bad(10)
