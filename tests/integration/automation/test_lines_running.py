"""Many runs in line for one place on a real broker and store, while automation is killed."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import quantiles

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.automation import RunEscalated, RunStarted
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.connected, pytest.mark.timeout(400)]

RUNBOOK = """\
id: {id}
title: A repair whose place others want
why: To see who is next.
owner_team: workplace
risk: reversible
mode: auto
priority: {priority}
expires: 2030-12-31
when: data.signal == "{id}"
settle: 0s
limits: {{per_target: {{cooldown: 1s, per_day: 99}}, per_runbook: {{per_hour: 5000}}}}
steps:
  - id: repair
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/actions/{id}/${{target}}"}}
    timeout: 5s
    retry: {{attempts: 3, base: 100ms, cap: 500ms}}
verify: {{measurement: disk.free.percent, at_least: 15, within: 1s, grace: 0s}}
escalate: {{title: "It did not help on ${{target}}"}}
breaker: {{consecutive: 5000, reopen_after: 1h}}
"""
SERVICE = "    healing: {at_once: 2}\n"
FLOOD, FEW, URGENT = 60, 16, 4
ALL = FLOOD + FEW + URGENT


@pytest.fixture
async def replica(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    for id, priority in (("flood", "P3"), ("few", "P3"), ("urgent", "P1")):
        text = RUNBOOK.format(id=id, priority=priority)
        (charter / "runbooks" / f"{id}.yaml").write_text(text, encoding="utf-8")
    services = charter / "services.yaml"
    text = services.read_text(encoding="utf-8")
    entry = "  - name: files\n"
    services.write_text(text.replace(entry, entry + SERVICE), encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service):
        yield service


async def count_waiting(replica: Automation) -> int:
    items = (await replica.get("/v1/healing-limits")).json()["items"]
    [waiting] = [item["waiting"] for item in items if item["service"] == "files"]
    return int(waiting)


async def read(bus: Bus) -> tuple[list[AnyEvent], list[AnyEvent]]:
    """The runs that began, and those that ended."""
    await bus.read()
    events = sorted(bus.seen.values(), key=lambda event: event.time)
    began = [event for event in events if isinstance(event.data, RunStarted)]
    return began, [event for event in events if isinstance(event.data, RunEscalated)]


async def flood(replica: Automation, bus: Bus, target: Target) -> None:
    """First the many, then the few and the urgent ones."""
    for kind, count, before in (("flood", FLOOD, 0), ("few", FEW, FLOOD), ("urgent", URGENT, 0)):
        names = (f"{kind}-{number}" for number in range(count))
        await bus.publish(*(raised(name, target.url, kind, service="files") for name in names))

        async def are_in_line(most: int = before + count) -> bool:
            began, _ = await read(bus)
            return await count_waiting(replica) + len(began) >= most

        await eventually(are_in_line, timeout=90, interval=0.2)


async def test_of_many_in_line_each_begins_soon_after_one_has_ended_and_a_kill_loses_none(
    replica: Automation, bus: Bus, target: Target
) -> None:
    await flood(replica, bus, target)

    async def some_have_ended() -> bool:
        return len((await read(bus))[1]) >= ALL // 3

    await eventually(some_have_ended, timeout=100, interval=0.2)
    replica.kill()
    replica.launch()
    await eventually(replica.is_ready, timeout=120, interval=0.1)

    async def all_have_ended() -> bool:
        return len((await read(bus))[1]) == ALL

    await eventually(all_have_ended, timeout=200, interval=0.5)
    began, ended = await read(bus)
    assert len(began) == ALL
    assert len({key for _, key in target.requests}) == ALL
    # Two act at once, so who begins third begins after the first end; the kill is among the rest.
    waits = sorted(
        (start.time - end.time).total_seconds()
        for start, end in zip(began[2:], ended, strict=False)
    )
    # Who is not called comes by itself, after a quarter of a minute at the earliest.
    assert quantiles(waits, n=10)[-1] < 10, waits
    names = [event.data.runbook for event in began if isinstance(event.data, RunStarted)]
    both = [name for name in names if name != "urgent"]
    first, last = both.index("few"), len(both) - 1 - both[::-1].index("few")
    # The few have their turns beside the flood that came before them, and not behind it.
    assert last - first <= 2 * FEW + 6
    assert await count_waiting(replica) == 0
