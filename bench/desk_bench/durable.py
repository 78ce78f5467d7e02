"""Durable steps of runs: how many a second, beside what waits, against DBOS on PostgreSQL.

Each run has ten acts with a key of its own. An act is written ahead, sent to a target over HTTP,
and its answer is written and published: all guarantees are on. What waits beside it is one run
that the service made, and copies of its documents.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from aiokafka import AIOKafkaConsumer
from desk_contracts import Codec, names
from desk_contracts.events.automation import RunStepRecorded, StepStatus
from desk_platform.settings import KafkaSettings

from desk_bench.acting import STEPS, Target, all_ready, automation, raise_signal
from desk_bench.listening import from_now_on
from desk_bench.lives import publish
from desk_bench.outstanding import multiply
from desk_bench.rows import Row, compared

# The Python of an environment with bench/requirements.txt, and a PostgreSQL that it may fill.
DBOS_PYTHON, POSTGRES = "BENCH_DBOS_PYTHON", "BENCH_POSTGRES"
_SCRIPT = Path(__file__).with_name("dbos_steps.py")
_NAME = f"durable steps, runs of {STEPS}"


@dataclass
class RunLog:
    """What automation says of its runs, each event once."""

    consumer: AIOKafkaConsumer
    done: set[tuple[str, str]] = field(default_factory=set)
    # How many steps that is, by what the names of their targets begin with.
    counts: Counter[str] = field(default_factory=Counter)

    async def read(self) -> None:
        """What has come since."""
        decode = Codec().decode
        for records in (await self.consumer.getmany(timeout_ms=20)).values():
            for record in records:
                event = decode(record.key, record.value, record.headers)
                match event.data:
                    case RunStepRecorded(status=StepStatus.DONE) as step:
                        place = (event.subject, step.step)
                        self.counts[event.subject.rpartition("-")[0]] += place not in self.done
                        self.done.add(place)


async def run(kafka: str, store_url: str, runs: int, outstanding: list[int]) -> list[Row]:
    """Steps a second beside so many runs that wait, and DBOS."""
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    rows = []
    with automation(kafka, store_url) as processes:
        await all_ready(processes)
        log = RunLog(await from_now_on(kafka, names.AUTOMATION))
        desk = _Desk(KafkaSettings(bootstrap=kafka), url, log)
        await desk.steps(max(1, runs // 10), "warm-up")
        rates: list[float] = []
        waiting = 0
        for number in outstanding:
            await desk.wait_for(number - waiting, f"w{number}", store_url)
            waiting = number
            rates.append(await desk.steps(runs, f"s{number}"))
        rows += await _against_dbos(rates[0], runs, url)
        for number, rate in zip(outstanding[1:], rates[1:], strict=True):
            name = f"{_NAME}, {number} outstanding"
            rows.append(compared(name, rate, rates[0], "steps/s", "≥ 0.9"))
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
        await publish(
            self.kafka, [raise_signal(f"{name}-{n}", "acts", self.url) for n in range(runs)]
        )
        while self.log.counts[name] < runs * STEPS:
            await self.log.read()
        return runs * STEPS / (perf_counter() - started)

    async def wait_for(self, runs: int, name: str, store_url: str) -> None:
        """So many runs more did their first act, and wait before the next."""
        if runs:
            await publish(self.kafka, [raise_signal(name, "waits", self.url)])
            await multiply(store_url, name, runs - 1)


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
