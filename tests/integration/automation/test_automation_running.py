"""One service on a real broker and store, with a real target."""

import pytest
from desk_contracts.events.automation import RunEscalated, RunHealed
from desk_testing import eventually

from tests.support.automation_desk import Automation, Bus, Target, measured, raised

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(360),
    pytest.mark.usefixtures("automation"),
]

HEALED = "desk.run.healed.v1"
ESCALATED = "desk.run.escalated.v1"


async def test_a_filling_disk_is_cleaned_and_verified(
    automation: Automation, bus: Bus, target: Target
) -> None:
    await bus.publish(raised("laptop-1", target.url))
    await eventually(lambda: sum(target.effects.values()) == 1)

    async def is_healed() -> bool:
        await bus.publish(measured("laptop-1", 41.0))
        return HEALED in await bus.types_of("laptop-1")

    await eventually(is_healed, interval=0.2)
    healed = bus.data("laptop-1", HEALED)
    assert isinstance(healed, RunHealed)
    assert "hunter2" not in healed.model_dump_json()
    [run] = await automation.runs(target="laptop-1")
    assert run["phase"] == "healed"
    detail = (await automation.get(f"/v1/runs/{run['id']}")).json()
    assert [line["step"] for line in detail["journal"]] == ["clean"]


async def test_a_cure_that_does_not_help_reaches_the_owner_team(bus: Bus, target: Target) -> None:
    await bus.publish(raised("laptop-2", target.url))
    await eventually(lambda: sum(target.effects.values()) == 1)

    async def is_escalated() -> bool:
        await bus.publish(measured("laptop-2", 4.0))
        return ESCALATED in await bus.types_of("laptop-2")

    await eventually(is_escalated, timeout=120, interval=1.0)
    escalated = bus.data("laptop-2", ESCALATED)
    assert isinstance(escalated, RunEscalated)
    assert escalated.team == "workplace"
    assert escalated.outcome == "not_healed"
