"""Triage, its topic made anew: two replicas notice, a command begins it again, nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import new_id
from desk_contracts.names import TELEMETRY
from desk_contracts.value_types import SubjectKind
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import ServiceProcess, environment

from tests.support.topics_made_anew import make_anew

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...

    async def read(self) -> list[AnyEvent]: ...


def disk(subject: str, free: float, minutes_ago: float) -> AnyEvent:
    measured = Measured(
        subject_kind=SubjectKind.DEVICE, name="disk.free.percent", value=free, unit="%"
    )
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return Event(id=new_id(), source="/agents/x", subject=subject, time=at, data=measured)


def falling(subject: str) -> list[AnyEvent]:
    return [disk(subject, free, 60 - n) for n, free in enumerate((30, 20, 12, 9, 8))]


async def texts(bus: Bus, kind: type[SignalRaised] | type[SignalCleared]) -> set[str]:
    """Of which subjects it was said that their disk fills, or no longer."""
    result = [item for item in await bus.read() if isinstance(item.data, kind)]
    return {item.subject for item in result if getattr(item.data, "signal", "") == "disk-filling"}


async def desk(env: dict[str, str], *words: str) -> tuple[int, str]:
    """What a command says, behind which desk it is, and leaves with."""
    done = await asyncio.to_thread(run_desk, *words, env=env)
    which, *lines = (done.stderr + done.stdout).splitlines()
    assert which.startswith("Desk: Kafka ")
    return done.returncode, " ".join(" ".join(lines).split())


@pytest.fixture
async def replicas(
    bus: Bus,  # noqa: ARG001  the topics are there before the service
    kafka: str,
    store_url: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[list[ServiceProcess]]:
    env = environment(kafka, store_url, prefix)
    result = [ServiceProcess("triage", env, tmp_path / f"triage-{n}.log") for n in range(2)]
    try:
        await asyncio.gather(*(entry.start() for entry in result))
        yield result
    finally:
        for item in result:
            item.stop()


async def reasons(replicas: list[ServiceProcess]) -> list[str]:
    answers = [await item.get("/health/ready") for item in replicas]
    return [" ".join(answer.text.split()) for answer in answers]


async def test_two_replicas_stop_and_begin_again_with_known_and_new_subjects(
    bus: Bus, replicas: list[ServiceProcess], kafka: str, prefix: str
) -> None:
    env, topic = replicas[0].env, prefix + TELEMETRY
    status, emitted = await desk(env, "topics", "adopt")
    assert (status, emitted) == (0, "Every topic is the one that was read before.")
    remembered = [f"laptop-{n}" for n in range(4)]
    await bus.publish([item for subject in remembered for item in falling(subject)])
    await eventually(lambda: _are(bus, SignalRaised, remembered), timeout=90)

    await make_anew(kafka, topic, 2)
    # Fewer records than were read: where marks and offsets of before would have swallowed them.
    new = [f"tablet-{n}" for n in range(4)]
    await bus.publish([disk(subject, 60, 0) for subject in remembered])
    await bus.publish([item for subject in new for item in falling(subject)])

    async def are_stopped() -> bool:
        return all("was replaced" in item for item in await reasons(replicas))

    await eventually(are_stopped, timeout=60)
    assert await texts(bus, SignalCleared) == set()
    await eventually(lambda: _behind(replicas, 24), timeout=20)

    await _adopt(env, topic, replicas)

    await eventually(lambda: _are(bus, SignalRaised, [*remembered, *new]), timeout=60)
    await eventually(lambda: _are(bus, SignalCleared, remembered), timeout=60)

    async def are_ready() -> bool:
        return all([await item.is_ready() for item in replicas])

    await eventually(are_ready, timeout=60)
    status, emitted = await desk(env, "topics", "adopt", "--yes")
    assert (status, emitted) == (0, "Every topic is the one that was read before.")


async def _are(bus: Bus, kind: type[SignalRaised] | type[SignalCleared], wanted: list[str]) -> bool:
    return await texts(bus, kind) == set(wanted)


async def _behind(replicas: list[ServiceProcess], records: int) -> bool:
    """What is not read because of it is not said to be nothing."""
    emitted = [
        item
        for replica in replicas
        for item in (await replica.get("/health/ready")).json()["consumers"]
    ]
    lags = [event["lag"] for event in emitted if event["name"].endswith("triage.telemetry")]
    return None not in lags and sum(lags) == records


async def _adopt(env: dict[str, str], topic: str, replicas: list[ServiceProcess]) -> None:
    status, emitted = await desk(env, "topics", "adopt", TELEMETRY[:-1] + "i")
    assert (status, emitted) == (2, f"Nobody has stopped reading {topic[:-1]}i.")
    status, emitted = await desk(env, "topics", "adopt")
    assert status == 1
    assert f"triage.telemetry stopped reading {topic}: it was read under the id" in emitted
    assert "It would read all 24 records" in emitted
    assert emitted.endswith("Nothing was changed. Repeat with --yes to begin.")
    assert all("was replaced" in reason for reason in await reasons(replicas))
    status, emitted = await desk(env, "topics", "adopt", "--yes", TELEMETRY)
    assert status == 0, emitted
    assert emitted.endswith("within seconds.")
    assert (await desk(env, "topics", "adopt", "--yes"))[0] == 0
