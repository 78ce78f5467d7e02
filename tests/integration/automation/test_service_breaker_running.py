"""The breaker of a service on a real broker and store: each change is one event, whoever dies."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.automation import RunEscalated, RunHealed
from desk_contracts.events.breakers import (
    ServiceBreakerClosed,
    ServiceBreakerHalfOpened,
    ServiceBreakerOpened,
    ServiceBreakerRemoved,
)
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.automation_servers import running
from tests.support.spoken import codes
from tests.support.useless_runbook import useless_runbook

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

RUNBOOK = useless_runbook(within="8s", consecutive=50)
CHANGES = (ServiceBreakerOpened, ServiceBreakerHalfOpened, ServiceBreakerClosed)
EVENTS = (*CHANGES, ServiceBreakerRemoved)
SERVICE = "    healing: {breaker: {consecutive: 2, reopen_after: 3s}}\n"


@pytest.fixture
async def replica(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    (charter / "runbooks" / "useless.yaml").write_text(RUNBOOK, encoding="utf-8")
    services = charter / "services.yaml"
    text = services.read_text(encoding="utf-8")
    entry = "  - name: files\n"
    assert text.count(entry) == 1
    services.write_text(text.replace(entry, entry + SERVICE), encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service):
        yield service


async def read_changes(bus: Bus) -> list[AnyEvent]:
    await bus.read()
    return [event for event in bus.seen.values() if isinstance(event.data, EVENTS)]


async def run_on(bus: Bus, target: Target, name: str, value: float, kind: str) -> None:
    """Trouble shows there; it is measured after the act until a run of it is told as this kind."""
    await bus.publish(raised(name, target.url, "useless", service="files"))

    async def has_ended() -> bool:
        if any(path.endswith(f"/{name}") for path, _ in target.requests):
            await bus.publish(measured(name, value))
        return f"desk.run.{kind}.v1" in await bus.types_of(name)

    await eventually(has_ended, timeout=120, interval=0.4)


async def open_breaker(replica: Automation, bus: Bus, target: Target) -> AnyEvent:
    """Two runs do not heal; automation is killed while the second one acts."""
    await run_on(bus, target, "laptop-1", 4.0, "escalated")
    await bus.publish(raised("laptop-2", target.url, "useless", service="files"))

    async def acts() -> bool:
        return any(path.endswith("/laptop-2") for path, _ in target.requests)

    await eventually(acts, timeout=120, interval=0.05)
    replica.kill()
    replica.launch()
    await eventually(replica.is_ready, timeout=240, interval=0.1)

    async def is_open() -> list[AnyEvent]:
        await bus.publish(measured("laptop-2", 4.0))
        return await read_changes(bus)

    [opened] = await eventually(is_open, timeout=120, interval=0.4)
    return opened


async def test_it_opens_is_tried_and_closes_and_each_is_one_event_though_automation_is_killed(
    replica: Automation, bus: Bus, target: Target
) -> None:
    opened = await open_breaker(replica, bus, target)
    data, escalated = opened.data, bus.data("laptop-2", "desk.run.escalated.v1")
    assert isinstance(escalated, RunEscalated)
    assert isinstance(data, ServiceBreakerOpened)
    assert (opened.subject, data.team, data.failures) == ("files", "collaboration", 2)
    assert data.run == data.runs[-1] == escalated.run
    assert codes(data.explanation)[0] == "stop.service-breaker"

    async def may_be_tried() -> bool:
        items = (await replica.get("/v1/healing-limits")).json()["items"]
        return any((it["service"], it["breaker"]) == ("files", "half-open") for it in items)

    await eventually(may_be_tried, timeout=60, interval=0.2)
    await run_on(bus, target, "laptop-3", 60.0, "healed")

    async def is_closed() -> bool:
        return len(await read_changes(bus)) == 3

    await eventually(is_closed, timeout=60, interval=0.2)
    changes, healed = await read_changes(bus), bus.data("laptop-3", "desk.run.healed.v1")
    assert isinstance(healed, RunHealed)
    assert [type(event.data) for event in changes] == list(CHANGES)
    for event in changes[1:]:
        assert isinstance(event.data, ServiceBreakerHalfOpened | ServiceBreakerClosed)
        assert (event.data.run, event.data.stopped_at) == (healed.run, opened.time)


async def test_one_that_is_taken_out_of_the_charter_while_it_is_open_is_told_though_killed(
    replica: Automation, bus: Bus, target: Target
) -> None:
    opened = await open_breaker(replica, bus, target)
    services = Path(replica.env["DESK_CHARTER"]) / "services.yaml"
    services.write_text(services.read_text(encoding="utf-8").replace(SERVICE, ""), encoding="utf-8")
    replica.kill()
    replica.launch()

    async def is_told() -> bool:
        return len(await read_changes(bus)) == 2

    await eventually(is_told, timeout=120, interval=0.2)
    [_, removed] = await read_changes(bus)
    assert isinstance(removed.data, ServiceBreakerRemoved)
    assert (removed.subject, removed.data.team) == ("files", "collaboration")
    assert (removed.data.stopped_at, removed.data.failures) == (opened.time, 2)
