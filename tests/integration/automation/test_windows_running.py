"""Windows, announced changes and open signals on a real broker and store, with kills meanwhile."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunHealed, RunSkipped
from desk_contracts.events.changes import ChangeKind, ChangePlanned
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.ids import new_id
from desk_contracts.value_types import Severity, SubjectKind
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

RUNBOOK = """\
id: {id}
title: A repair that may have to wait
why: To see what holds it back.
owner_team: workplace
risk: reversible
mode: auto
expires: 2030-12-31
when: data.signal == "{id}"
{more}
limits: {{per_target: {{cooldown: 1s, per_day: 9}}, per_runbook: {{per_hour: 5000}}}}
steps:
  - id: repair
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/actions/{id}/${{target}}"}}
    timeout: 5s
    retry: {{attempts: 3, base: 100ms, cap: 500ms}}
verify: {{measurement: disk.free.percent, at_least: 15, within: 120s}}
escalate: {{title: "{id} did not help on ${{target}}"}}
"""
FREEZE = """\
windows:
  - name: for-a-year
    kind: freeze
    owner_team: workplace
    why: Nothing is changed on these.
    devices: ["frozen-*"]
    starts: {starts}
    ends: {ends}
  - name: by-calendar
    kind: freeze
    owner_team: workplace
    why: Nothing is changed on these.
    devices: ["dated-*"]
    during: all-days-but-one
"""
CALENDARS = """\
calendars:
  - name: all-days-but-one
    title: Always open but on a day that is past
    zone: Europe/Berlin
    week: always
    closures: [{from: 2020-01-02, to: 2020-01-02, name: A day that is past}]
"""


@pytest.fixture
async def replica(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    for id, more in (
        ("patient", "in_window: wait"),
        ("inhibited", "inhibited_by: [cable-cut]"),
        ("hasty", "settle: 0s"),
    ):
        text = RUNBOOK.format(id=id, more=more)
        (charter / "runbooks" / f"{id}.yaml").write_text(text, encoding="utf-8")
    now = datetime.now(UTC)
    dates = {"starts": now - timedelta(days=1), "ends": now + timedelta(days=365)}
    text = FREEZE.format(**{name: at.isoformat() for name, at in dates.items()})
    (charter / "windows.yaml").write_text(text, encoding="utf-8")
    calendars = (charter / "calendars.yaml").read_text(encoding="utf-8")
    calendars = calendars.replace("calendars:\n", CALENDARS, 1)
    (charter / "calendars.yaml").write_text(calendars, encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service):
        yield service


def announce(ends_in: timedelta) -> AnyEvent:
    now = datetime.now(UTC)
    data = ChangePlanned(
        change="CHG-1",
        kind=ChangeKind.MAINTENANCE,
        title="New gateways",
        starts=now - timedelta(minutes=5),
        ends=now + ends_in,
    )
    return Event(id=new_id(), source="/itsm", subject="vpn", time=now, data=data)


CABLE_CUT = SignalRaised(
    episode="cable/1",
    detector="alert",
    signal="cable-cut",
    title="A cable is cut",
    severity=Severity.CRITICAL,
    subject_kind=SubjectKind.SERVICE,
    measurement="",
    value=1,
    threshold=1,
    service="network",
)


def at_switch(data: SignalRaised | SignalCleared) -> AnyEvent:
    return Event(id=new_id(), source="/triage", subject="switch", time=datetime.now(UTC), data=data)


def of_service(event: Event[SignalRaised], service: str) -> Event[SignalRaised]:
    data = event.data.model_copy(update={"service": service})
    return Event(
        id=event.id, source=event.source, subject=event.subject, time=event.time, data=data
    )


async def until_healed(bus: Bus, subject: str) -> None:
    async def is_healed() -> bool:
        await bus.publish(measured(subject, 60.0))
        await bus.read()
        healed = [e for e in bus.seen.values() if isinstance(e.data, RunHealed)]
        return any(event.subject == subject for event in healed)

    await eventually(is_healed, timeout=90, interval=0.5)


async def test_a_match_that_waits_for_a_change_survives_a_kill_and_acts_once_by_fresh_data(
    replica: Automation, bus: Bus, target: Target
) -> None:
    await bus.publish(announce(ends_in=timedelta(hours=2)))

    async def is_known() -> bool:
        """Two topics have no order: a match that is skipped shows that the change was read."""
        await bus.publish(of_service(raised(f"probe-{new_id()}", target.url, "hasty"), "vpn"))
        await bus.read()
        return any(isinstance(e.data, RunSkipped) for e in bus.seen.values())

    await eventually(is_known, timeout=60, interval=0.5)
    end = datetime.now(UTC) + timedelta(seconds=60)
    await bus.publish(announce(ends_in=timedelta(seconds=60)))
    await bus.publish(of_service(raised("laptop-1", target.url, "patient"), "vpn"))

    async def waits() -> bool:
        runs = await replica.runs(runbook="patient", phase="queued")
        return len(runs) == 1

    await eventually(waits, timeout=30, interval=0.2)
    replica.kill()
    await bus.publish(measured("laptop-1", 4.0))
    replica.launch()
    await eventually(replica.is_ready, timeout=240, interval=0.1)
    acts: list[datetime] = []

    async def is_met() -> bool:
        await bus.publish(measured("laptop-1", 4.0))
        if any("laptop-1" in path for path, _ in target.requests):
            acts.append(datetime.now(UTC))
        return bool(acts)

    await eventually(is_met, timeout=120, interval=0.3)
    assert acts[0] > end
    await until_healed(bus, "laptop-1")
    assert len({key for path, key in target.requests if "laptop-1" in path}) == 1


async def test_what_a_signal_inhibits_is_repaired_once_that_is_over_and_a_kill_changes_nothing(
    replica: Automation, bus: Bus, target: Target
) -> None:
    match = of_service(raised("laptop-2", target.url, "inhibited"), "vpn")
    same_device = of_service(raised("switch", target.url, "inhibited"), "network")
    await bus.publish(at_switch(CABLE_CUT))
    # Of one subject, so read after the outage: once it waits, the outage is known.
    await bus.publish(same_device)

    async def waiting() -> int:
        return len(await replica.runs(runbook="inhibited", phase="queued"))

    async def one_waits() -> bool:
        return await waiting() == 1

    async def both_wait() -> bool:
        return await waiting() == 2

    await eventually(one_waits, timeout=60, interval=0.2)
    await bus.publish(match)
    await eventually(both_wait, timeout=60, interval=0.2)
    replica.kill()
    replica.launch()
    await eventually(replica.is_ready, timeout=240, interval=0.1)
    assert target.requests == []
    over = SignalCleared(episode="cable/1", detector="alert", signal="cable-cut", value=0)
    await bus.publish(at_switch(over))

    async def is_met() -> bool:
        await bus.publish(measured("laptop-2", 4.0))
        return any("laptop-2" in path for path, _ in target.requests)

    await eventually(is_met, timeout=90, interval=0.5)

    await until_healed(bus, "laptop-2")
    assert len({key for path, key in target.requests if "laptop-2" in path}) == 1


async def test_nothing_acts_in_a_freeze_of_dates_or_of_a_calendar_and_the_event_says_why(
    replica: Automation, bus: Bus, target: Target
) -> None:
    names = ("frozen-1", "dated-1")
    await bus.publish(*(raised(name, target.url, "hasty") for name in names))

    async def skipped() -> dict[str, RunSkipped]:
        await bus.read()
        events = ((event.subject, event.data) for event in bus.seen.values())
        return {name: data for name, data in events if isinstance(data, RunSkipped)}

    async def are_skipped() -> bool:
        return len(await skipped()) == len(names)

    await eventually(are_skipped, timeout=60, interval=0.2)
    for name, window in zip(names, ("for-a-year", "by-calendar"), strict=True):
        [reason] = (await skipped())[name].explanation
        assert (reason.code, reason.params["window"]) == ("refusal.freeze", window)
    assert target.requests == []
    runs = await replica.runs(runbook="hasty")
    assert ["Nothing is changed on these." in str(run) for run in runs] == [True, True]
