"""Devices that connect get their policies, and what they healed alone becomes a run, once."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import cast

import httpx
import pytest
from desk_automation.devices.api import DevicesApi, device_router
from desk_automation.devices.charter import PolicyOfDevices
from desk_automation.devices.model import DeviceRecord
from desk_automation.devices.store import DEVICES, device_projection
from desk_automation.matching.decide import RunPolicy
from desk_automation.matching.worker import run_projection
from desk_automation.runs.api.runs import run_router
from desk_automation.runs.api.views import RunsApi
from desk_automation.runs.model import TOLD_WITHIN, Run
from desk_automation.runs.store import RUNS
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
from desk_platform.health import Health
from desk_platform.http import AppParts, Cursors, Principal, Role, make_app
from desk_platform.kafka import CommandQueue
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import APIRouter
from pydantic import ValidationError

from tests.support.agent_device import SIGNER
from tests.support.automation_engine import KEPT, Engine, runbook

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


RUNS_PROJECTION = run_projection(
    FakeDocuments(RUNS, FakeClock(NOW)),
    lambda: Engine((runbook(),)).rulebook,
    RunPolicy(timedelta(hours=1), timedelta(hours=1), {}),
    policies_of=policies_of,
)


def client_of(router: APIRouter) -> httpx.AsyncClient:
    """An operator who asks it."""
    clock, caller = FakeClock(NOW), Principal("otto", frozenset({Role.OPERATOR}))
    parts = AppParts(Health(clock), record_telemetry().telemetry, FakeAuthenticator(caller), clock)
    transport = httpx.ASGITransport(make_app("automation", [router], parts))
    return httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers={"Authorization": "Bearer otto"}
    )


def event_of(data: AgentConnected | PolicyApplied, device: str = "laptop-7") -> AnyEvent:
    at = NOW - timedelta(hours=1)
    return Event(id="e1", source=f"/endpoints/{device}", subject=device, time=at, data=data)


def react(
    event: AnyEvent, record: DeviceRecord | None = None
) -> tuple[DeviceRecord | None, list[AnyEvent]]:
    assert list(PROJECTION.keys(event)) == [event.subject]
    decision = PROJECTION.react(record, event, Context(NOW))
    return (record, []) if decision is None else (decision.state, list(decision.events))


def apply(event: AnyEvent, run: Run | None = None) -> tuple[Run | None, list[AnyEvent]]:
    assert list(RUNS_PROJECTION.keys(event)) == ["app-1"]
    decision = RUNS_PROJECTION.react(run, event, Context(NOW, id="app-1"))
    return (run, []) if decision is None else (decision.state, list(decision.events))


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
    run, events = apply(event_of(APPLIED))
    started, healed = events
    assert isinstance(started.data, RunStarted)
    assert isinstance(healed.data, RunHealed)
    assert (started.time, healed.time) == (APPLIED.started_at, NOW - timedelta(hours=1))
    assert (started.data.run, healed.data.run) == ("app-1", "app-1")
    assert apply(event_of(APPLIED), run)[1] == []


@pytest.mark.parametrize(("age", "count"), [(TOLD_WITHIN, 2), (TOLD_WITHIN * 1.01, 0)])
def test_what_a_device_tells_after_more_than_a_year_is_not_recorded(
    age: timedelta, count: int
) -> None:
    _, events = apply(event_of(APPLIED)._replace(time=NOW - age))
    assert len(events) == count


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
    _, [_, escalated] = apply(event_of(applied))
    assert isinstance(escalated.data, RunEscalated)
    data = escalated.data
    assert (data.outcome, data.team, data.device) == (reported, "workplace", "laptop-7")
    # What the action came to nobody said, and it did not help.
    statuses = [item.status for item in data.evidence if item.step != "policy"]
    assert statuses == [StepStatus.IN_DOUBT, StepStatus.FAILED]
    failed = applied.model_copy(update={"action_outcome": DeviceOutcome.FAILED})
    _, [_, escalated] = apply(event_of(failed))
    assert isinstance(escalated.data, RunEscalated)
    statuses = [item.status for item in escalated.data.evidence if item.step != "policy"]
    assert statuses == [StepStatus.FAILED] * 2


def test_a_device_that_speaks_of_tomorrow_is_not_believed() -> None:
    applied = APPLIED.model_copy(update={"started_at": NOW + timedelta(days=1)})
    _, [started, ended] = apply(event_of(applied))
    # Nor that it ended before it began.
    assert started.time == ended.time <= NOW


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


@pytest.mark.parametrize(
    ("outcome", "phase", "shown"),
    [
        (PolicyOutcome.HEALED, "healed", "healed"),
        (PolicyOutcome.NOT_HEALED, "escalated", "not_healed"),
    ],
)
async def test_what_a_device_did_alone_is_among_the_runs_with_its_verdict(
    outcome: PolicyOutcome, phase: str, shown: str
) -> None:
    runs = FakeDocuments(RUNS, FakeClock(NOW))
    run, _ = apply(event_of(APPLIED.model_copy(update={"outcome": outcome})))
    await runs.write([Stored("app-1", state=run)])
    api = RunsApi(runs, cast("CommandQueue[Run]", None), lambda: KEPT)
    client = client_of(run_router(api, Cursors(b"x")))
    [listed] = (await client.get("/v1/runs?target=laptop-7")).json()["items"]
    assert (listed["done_by"], listed["phase"], listed["outcome"]) == ("device", phase, shown)
    assert (listed["runbook"], listed["version"]) == ("clean-ahead", "2")
    detail = (await client.get("/v1/runs/app-1")).json()
    assert [line["step"] for line in detail["journal"]] == ["policy", "apply", "verify"]
    assert "disk.free.percent was 4 before and 60 after" in detail["status"]


@pytest.mark.parametrize(
    ("device", "version", "code"),
    [
        ("laptop-7", 2, "run.policy-in-force"),
        ("laptop-7", 1, "run.policy-other"),
        ("printer-1", 2, "run.policy-withdrawn"),
    ],
)
def test_a_run_says_which_policy_the_device_obeyed_and_what_the_charter_has(
    device: str, version: int, code: str
) -> None:
    applied = APPLIED.model_copy(update={"version": version})
    run, [_, healed] = apply(event_of(applied, device))
    assert run is not None
    assert isinstance(healed.data, RunHealed)
    texts = [healed.data.evidence[0].message, run.journal[0].message]
    assert [text.code for text in texts if text is not None] == [code, code]


async def test_devices_show_which_policy_they_obey_and_whether_it_is_the_charters() -> None:
    documents = FakeDocuments(DEVICES, FakeClock(NOW))
    policies = {"clean-ahead": "1", "gone": "4"}
    connected = AgentConnected(agent_version="0.2.0", journal="j", policies=policies)
    record, _ = react(event_of(connected))
    await documents.write([Stored("laptop-7", state=record)])
    client = client_of(device_router(DevicesApi(documents, policies_of), Cursors(b"x")))
    [shown] = (await client.get("/v1/devices")).json()["items"]
    assert shown == (await client.get("/v1/devices/laptop-7")).json()
    assert shown["policies"] == [
        {"policy": "clean-ahead", "obeyed": "1", "in_force": "2", "is_current": False},
        {"policy": "gone", "obeyed": "4", "in_force": None, "is_current": False},
    ]
    assert (await client.get("/v1/devices/laptop-8")).status_code == 404


def test_another_memory_of_a_device_is_seen_and_the_same_one_keeps_its_age() -> None:
    first, _ = react(event_of(AgentConnected(journal="j")))
    assert first is not None
    aged = first.model_copy(update={"journal_since": NOW - timedelta(days=9)})
    same, _ = react(event_of(AgentConnected(journal="j")), aged)
    other, _ = react(event_of(AgentConnected(journal="k")), aged)
    assert same is not None
    assert other is not None
    assert (same.journal_since, other.journal_since) == (aged.journal_since, other.connected_at)
