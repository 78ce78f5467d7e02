"""A runbook that was stopped is one problem of its owner on real servers, with triage killed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.envelope import Payload
from desk_contracts.events.automation import RunbookResumed, RunbookStopped, StopKind
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.ids import new_id
from desk_contracts.message import message
from desk_testing import eventually
from desk_testing.processes import ServiceProcess

pytestmark = [pytest.mark.connected, pytest.mark.timeout(450)]

TITLE = "Free space on a laptop's disk"
RUNBOOKS = [f"clean-disk-{number}" for number in range(12)]


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


def kind_of(runbook: str) -> StopKind:
    """Both ways by which a runbook is stopped: by the fleet guard, and by its breaker."""
    return StopKind.BREAKER if runbook.endswith("1") else StopKind.FLEET


def stopped(runbook: str, at: datetime) -> AnyEvent:
    targets = [f"laptop-{number}" for number in range(4)]
    within = timedelta(minutes=10)
    data = RunbookStopped(
        runbook=runbook,
        title=TITLE,
        team="workplace",
        kind=kind_of(runbook),
        explanation=(message("stop.fleet", count=4, within=within, targets=targets),),
        targets=tuple(targets),
        target_count=4,
    )
    return Event(new_id(), "/desk/automation", runbook, at, data)


def resumed(stop: AnyEvent) -> AnyEvent:
    data = RunbookResumed(
        runbook=stop.subject,
        title=TITLE,
        kind=kind_of(stop.subject),
        stopped_at=stop.time,
        by="eva",
        reason="We have looked.",
    )
    at = stop.time + timedelta(minutes=1)
    return Event(new_id(), "/desk/automation", stop.subject, at, data)


async def emitted(bus: Bus, kind: type[Payload]) -> dict[str, Any]:
    return {item.id: item.data for item in await bus.read() if isinstance(item.data, kind)}


async def expect_one_each(bus: Bus, triage: ServiceProcess) -> None:
    """One problem of each runbook, one word that it goes on, and nothing ended by itself."""
    problems = (await triage.get("/v1/problems?limit=100")).json()["items"]
    assert sorted(item["runbook"] for item in problems) == sorted([*RUNBOOKS, "last"])
    assert {item["team"] for item in problems} == {"workplace"}
    assert {item["status"] for item in problems} == {"proposed"}
    is_stopped = {item["runbook"]: item["resumed_at"] is None for item in problems}
    assert is_stopped == dict.fromkeys(RUNBOOKS, False) | {"last": True}
    detected = list((await emitted(bus, ProblemDetected)).values())
    assert sorted(data.runbook for data in detected) == sorted([*RUNBOOKS, "last"])
    changes = list((await emitted(bus, ProblemUpdated)).values())
    codes = [[reason.code for reason in data.explanation] for data in changes]
    assert codes == [["problem.stop-over"]] * len(RUNBOOKS)
    assert not await emitted(bus, ProblemResolved)


async def test_each_stop_is_one_problem_whenever_triage_dies(
    bus: Bus, triage: ServiceProcess
) -> None:
    now = datetime.now(UTC)
    stops = [stopped(runbook, now) for runbook in RUNBOOKS]
    await bus.publish(stops[:8])
    await eventually(lambda: emitted(bus, ProblemDetected), timeout=90)
    triage.kill()  # some have their problem, some are in hand
    await bus.publish(stops)  # all of them again, and the rest
    await triage.start()
    triage.kill()  # once more, before or while it reads them
    await triage.start()

    async def all_open() -> bool:
        return len(await emitted(bus, ProblemDetected)) >= len(RUNBOOKS)

    await eventually(all_open, timeout=120)
    await bus.publish([*(resumed(stop) for stop in stops), *stops])
    triage.kill()
    await triage.start()

    async def all_told() -> bool:
        return len(await emitted(bus, ProblemUpdated)) >= len(RUNBOOKS)

    await eventually(all_told, timeout=120)
    # What comes last is handled after all repeats: one partition holds what triage tells itself.
    last = stopped("last", now + timedelta(minutes=2))
    await bus.publish([last])

    async def has_last() -> bool:
        detected = await emitted(bus, ProblemDetected)
        return any(data.runbook == "last" for data in detected.values())

    await eventually(has_last, timeout=120)
    await expect_one_each(bus, triage)
