"""What many devices share, and the change that did it, are told once however replicas die."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.changes import ChangeKind, ChangeStarted
from desk_contracts.events.signals import ChangeSuspected, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import new_id
from desk_contracts.value_types import SubjectKind
from desk_testing import eventually
from desk_testing.processes import ServiceProcess, environment

pytestmark = [pytest.mark.connected, pytest.mark.timeout(450)]

START = datetime.now(UTC)


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


def disk(number: int, free: float, minutes: float) -> AnyEvent:
    """Each fourth laptop has the new agent."""
    data = Measured(
        subject_kind=SubjectKind.DEVICE,
        name="disk.free.percent",
        value=free,
        unit="%",
        service="laptop",
        attributes={"agent.version": "4.2" if number % 4 == 0 else "4.1"},
    )
    subject = f"laptop-{number:03}"
    at = START + timedelta(minutes=minutes)
    return Event(id=new_id(), source=f"/agents/{subject}", subject=subject, time=at, data=data)


async def read(bus: Bus, kind: type[Payload], detector: str = "") -> list[Payload]:
    """What triage said, each once for its id."""
    events = {item.id: item.data for item in await bus.read() if isinstance(item.data, kind)}
    return [data for data in events.values() if getattr(data, "detector", "") == detector]


@pytest.fixture
async def second(
    triage: ServiceProcess,  # noqa: ARG001  the first makes what both use
    kafka: str,
    store_url: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(
        "triage", environment(kafka, store_url, prefix), tmp_path / "second.log"
    )
    try:
        # One replica reads the register's only partition, so no other is ready in that sense.
        await asyncio.to_thread(service.launch)
        yield service
    finally:
        service.stop()


async def test_replicas_die_and_each_is_told_once(
    bus: Bus, triage: ServiceProcess, second: ServiceProcess
) -> None:
    well = [disk(number, 60, -60) for number in range(80)]
    release = ChangeStarted(change="agent-4.2", kind=ChangeKind.RELEASE, title="Agent 4.2")
    begun = Event(new_id(), "/pipelines/agent", "laptop", START - timedelta(minutes=30), release)
    await bus.publish([*well, begun])
    ill = [disk(number, 5, -20 + number / 10) for number in range(0, 80, 4)]
    await bus.publish(ill[:4])
    triage.kill()
    await bus.publish(ill[4:8])
    await asyncio.to_thread(triage.launch)
    second.kill()
    # How all devices are is read each minute: nobody more falls ill, and it is seen all the same.
    await bus.publish(ill[8:])
    (fleet,) = await eventually(lambda: read(bus, SignalRaised, "fleet"), timeout=240, interval=0.5)
    assert isinstance(fleet, SignalRaised)
    assert fleet.attributes == {"agent.version": "4.2"}
    assert (fleet.signal, fleet.service) == ("fleet-disk-filling", "laptop")
    triage.kill()
    # Everything comes again, and more.
    await bus.publish([*ill, begun, *(disk(number, 4, 5) for number in range(0, 80, 4))])
    await asyncio.to_thread(second.launch)
    await asyncio.to_thread(triage.launch)

    async def all_ill() -> bool:
        return len(await read(bus, SignalRaised, "disk-nearly-full")) == len(ill)

    await eventually(all_ill, timeout=120)
    suspected = await eventually(lambda: read(bus, ChangeSuspected), timeout=60)
    by_symptom = {data.signal: data for data in suspected if isinstance(data, ChangeSuspected)}
    assert len(by_symptom) == len(suspected)
    assert by_symptom["disk-filling"].change == "agent-4.2"
    assert len(await read(bus, SignalRaised, "fleet")) == 1
