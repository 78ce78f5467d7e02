"""Durable steps of runs: how many a second, beside what waits, against DBOS on PostgreSQL.

Each run has ten acts with a key of its own. An act is written ahead, sent to a target over HTTP,
and its answer is written and published: all guarantees are on. What waits beside it is one run
that the service made, and copies of its documents.
"""

import asyncio
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from aiokafka import AIOKafkaConsumer
from desk_contracts import Codec, Event, names
from desk_contracts.events.automation import RunStarted, RunStepRecorded, StepStatus
from desk_contracts.events.signals import SignalRaised
from desk_contracts.ids import new_id
from desk_contracts.value_types import Severity, SubjectKind
from desk_local.ports import free_ports
from desk_local.services import command_of
from desk_platform.settings import KafkaSettings

from desk_bench.listening import from_now_on
from desk_bench.lives import publish
from desk_bench.outstanding import multiply
from desk_bench.rows import Row, compared
from desk_bench.serving import ROOT, environment, process, ready

# The Python of an environment with bench/requirements.txt, and a PostgreSQL that it may fill.
DBOS_PYTHON, POSTGRES = "BENCH_DBOS_PYTHON", "BENCH_POSTGRES"
STEPS = 10
STARTS, START_RATE = 5_000, 500
_SCRIPT = Path(__file__).with_name("dbos_steps.py")
_NAME = f"durable steps, runs of {STEPS}"
_STEP = """\
  - id: act-{number}
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/act"}}
    timeout: 30s
"""
_WAIT = """\
  - id: wait
    kind: wait
    for: 12h
"""
_RUNBOOK = """\
id: bench-{name}
title: Acts of a benchmark
why: To see how many steps are kept a second.
owner_team: workplace
risk: reversible
mode: auto
expires: 2099-12-31
when: data.signal == "bench-{name}"
limits:
  per_target: {{cooldown: 1s, per_day: 9}}
  per_runbook: {{per_hour: 1000000}}
steps:
{steps}
verify: {{measurement: bench.value, at_least: 1, within: 12h}}
escalate: {{title: "A benchmark ended"}}
"""


@dataclass
class Target:
    """Answers each call at once, over connections that stay open."""

    calls: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                _, length, rest = head.partition(b"content-length: ")
                await reader.readexactly(int(rest.split(b"\r\n")[0]) if length else 0)
                self.calls += 1
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: 2\r\n\r\n{}"
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@dataclass
class RunLog:
    """What automation says of its runs, each event once."""

    consumer: AIOKafkaConsumer
    done: set[tuple[str, str]] = field(default_factory=set)
    # How many steps that is, by what the names of their targets begin with.
    counts: Counter[str] = field(default_factory=Counter)
    # When the start of a run was read, by its target.
    started: dict[str, float] = field(default_factory=dict)

    async def read(self) -> None:
        """What has come since."""
        decode = Codec().decode
        for records in (await self.consumer.getmany(timeout_ms=20)).values():
            for record in records:
                event = decode(record.key, record.value, record.headers)
                match event.data:
                    case RunStarted():
                        self.started.setdefault(event.subject, perf_counter())
                    case RunStepRecorded(status=StepStatus.DONE) as step:
                        place = (event.subject, step.step)
                        self.counts[event.subject.rpartition("-")[0]] += place not in self.done
                        self.done.add(place)


async def run(kafka: str, store_url: str, runs: int, outstanding: list[int]) -> list[Row]:
    """Steps a second beside so many runs that wait, starts at a steady rate, and DBOS."""
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    rows = []
    with _automation(kafka, store_url) as port:
        await ready(port, "/health/ready")
        log = RunLog(await from_now_on(kafka, names.AUTOMATION))
        desk = _Desk(KafkaSettings(bootstrap=kafka), url, log)
        await desk.steps(max(1, runs // 10), "warm-up")
        rates: list[float] = []
        starts: list[Row] = []
        waiting = 0
        for number in outstanding:
            await desk.wait_for(number - waiting, f"w{number}", store_url)
            waiting = number
            rates.append(await desk.steps(runs, f"s{number}"))
            p99 = await desk.starts(max(50, STARTS * runs // 1_000), f"p{number}")
            name = f"signal to its run's start, p99 at {START_RATE}/s, {number} outstanding"
            starts.append(Row(name, p99, "ms", bar="≤ 1000"))
        rows += await _against_dbos(rates[0], runs, url)
        for number, rate in zip(outstanding[1:], rates[1:], strict=True):
            name = f"{_NAME}, {number} outstanding"
            rows.append(compared(name, rate, rates[0], "steps/s", "≥ 0.9"))
        rows += starts
        await log.consumer.stop()
    server.close()
    return rows


@dataclass(frozen=True)
class _Desk:
    kafka: KafkaSettings
    url: str
    log: RunLog

    async def steps(self, runs: int, name: str) -> float:
        """Steps a second, from the first signal to the last step that is published."""
        started = perf_counter()
        await publish(self.kafka, [_raised(f"{name}-{n}", "acts", self.url) for n in range(runs)])
        while self.log.counts[name] < runs * STEPS:
            await self.log.read()
        return runs * STEPS / (perf_counter() - started)

    async def wait_for(self, runs: int, name: str, store_url: str) -> None:
        """So many runs more did their first act, and wait before the next."""
        if runs:
            await publish(self.kafka, [_raised(name, "waits", self.url)])
            await multiply(store_url, name, runs - 1)

    async def starts(self, runs: int, name: str) -> float:
        """Milliseconds from a signal to the start of its run; signals come at their time."""
        published: dict[str, float] = {}
        began = perf_counter()
        for first in range(0, runs, START_RATE // 10):
            batch = range(first, min(runs, first + START_RATE // 10))
            due = began + first / START_RATE
            while perf_counter() < due:
                await self.log.read()
            await publish(self.kafka, [_raised(f"{name}-{n}", "starts", self.url) for n in batch])
            published |= {f"{name}-{n}": perf_counter() for n in batch}
        while not published.keys() <= self.log.started.keys():
            await self.log.read()
        taken = sorted(self.log.started[id] - at for id, at in published.items())
        return round(1000 * taken[int(len(taken) * 0.99)], 1)


def _raised(subject: str, signal: str, url: str) -> Event[SignalRaised]:
    data = SignalRaised(
        episode=f"{subject}/{signal}",
        detector="bench",
        signal=f"bench-{signal}",
        title="Trouble of a benchmark",
        severity=Severity.WARNING,
        subject_kind=SubjectKind.DEVICE,
        measurement="bench.value",
        value=0.0,
        threshold=1.0,
        attributes={"agent_url": url},
    )
    return Event(new_id(), "/desk/triage", subject, datetime.now(UTC), data)


@contextmanager
def _automation(kafka: str, store_url: str) -> Iterator[int]:
    """The service with runbooks of the benchmark beside the shipped ones."""
    port = free_ports(1)[0]
    acts = "".join(_STEP.format(number=number) for number in range(STEPS))
    first = _STEP.format(number=0)
    kinds = {"acts": acts, "waits": first + _WAIT, "starts": first}
    with tempfile.TemporaryDirectory() as folder:
        charter = Path(folder) / "charter"
        shutil.copytree(ROOT / "charter", charter)
        for name, steps in kinds.items():
            text = _RUNBOOK.format(name=name, steps=steps)
            (charter / "runbooks" / f"bench-{name}.yaml").write_text(text, encoding="utf-8")
        environ = environment("automation", kafka, store_url, port)
        environ |= {"DESK_CHARTER": str(charter), "AUTOMATION_QUEUE_WAIT": "86400"}
        with process(command_of("automation"), environ):
            yield port


async def _against_dbos(ours: float, runs: int, url: str) -> list[Row]:
    python, database = os.environ.get(DBOS_PYTHON), os.environ.get(POSTGRES)
    if not python or not database:
        reason = f"no baseline: set {DBOS_PYTHON} and {POSTGRES} (bench/requirements.in)"
        return [Row(_NAME, round(ours, 1), "steps/s", bar=reason)]
    words = (python, "-P", str(_SCRIPT), database, url, str(runs), str(STEPS))
    child = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    output, _ = await child.communicate()
    assert child.returncode == 0, "DBOS failed; what it says is above"
    answer: Mapping[str, float] = json.loads(output.splitlines()[-1])
    assert answer["steps"] == runs * STEPS
    theirs = answer["steps"] / answer["seconds"]
    return [compared(f"{_NAME}, against DBOS on PostgreSQL", ours, theirs, "steps/s", "≥ 1.0")]
