"""Starts of runs at a steady rate: signals come at their time, whatever automation has done so far.

A match is *admitted* when its run is in the store: from then on no crash loses it. The run is
*started* when its `desk.run.started` can be read: every guard has passed and the intent of its
first step is written. It has *acted* when its target is called. All three are measured from the
moment at which the signal was due, so a wait of the sender counts too. Admitted runs are counted
each 50 ms: the n-th signal counts as admitted when n runs are there.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

import psutil
from aiokafka import AIOKafkaConsumer
from desk_automation.runs.model import Run
from desk_automation.runs.store import RUNS
from desk_contracts import AnyEvent, Codec, names
from desk_contracts.events.automation import RunStarted
from desk_platform.clock import SystemClock
from desk_platform.kafka import KafkaPublisher
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import Documents
from desk_platform.store.store import open_store
from desk_platform.tasks import cancel_tasks
from desk_testing import eventually

from desk_bench.acting import Target, all_ready, automation, raise_signal
from desk_bench.listening import from_now_on
from desk_bench.rows import Row

RATE, PER_SECOND = 500, 50
# A broker that has just begun compiles itself while it works: 15 % of a core in its first half
# minute, which is no part of a steady rate.
_WARM_UP_SECONDS = 15
_STARTED = ("ce_type", RunStarted.TYPE.encode())
_COUNTED_EVERY_SECONDS = 0.05
# Trouble of many devices is not at one address, where few calls are let go at once.
_ADDRESSES = 20
# Past this the rate is not kept by far, and nothing is learnt from waiting on.
_TIMEOUT_SECONDS = 150


@dataclass
class StartLog:
    """When the start of each run was read, by its target."""

    consumer: AIOKafkaConsumer
    started: dict[str, float] = field(default_factory=dict)

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            for records in (await self.consumer.getmany(timeout_ms=20)).values():
                now = perf_counter()
                for record in records:
                    if _STARTED in record.headers:
                        self.started.setdefault(record.key.decode(), now)


@dataclass
class Admitted:
    """When there were how many runs more in the store than `before`."""

    runs: Documents[Run]
    before: int
    moments: list[float] = field(default_factory=list)

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            count, now = await self.runs.count(), perf_counter()
            self.moments += [now] * (count - self.before - len(self.moments))
            await asyncio.sleep(_COUNTED_EVERY_SECONDS)


@dataclass(frozen=True)
class Starting:
    """Raises signals, and sees what becomes of them."""

    kafka: str
    target: Target
    port: int
    log: StartLog

    async def start(self, number: int, name: str) -> dict[str, float]:
        """So many runs at the rate, to their first act; returns when each signal was due."""
        due: dict[str, float] = {}
        codec, part = Codec(), RATE // PER_SECOND
        async with KafkaPublisher(KafkaSettings(bootstrap=self.kafka), "bench") as publisher:
            began = perf_counter()
            for first in range(0, number, part):
                moment = began + first / RATE
                await asyncio.sleep(max(0.0, moment - perf_counter()))
                raised = [self._raise(name, n) for n in range(first, min(number, first + part))]
                due |= {event.subject: moment for event in raised}
                await publisher.publish([codec.encode(event) for event in raised])
        await eventually(
            lambda: due.keys() <= self.log.started.keys() & self.target.called.keys(),
            timeout=_TIMEOUT_SECONDS,
            interval=0.2,
        )
        return due

    def _raise(self, name: str, number: int) -> AnyEvent:
        address = f"127.0.0.{1 + number % _ADDRESSES}:{self.port}"
        return raise_signal(f"{name}-{number}", "starts", f"http://{address}")


async def run(kafka: str, store_url: str, seconds: int, replicas: int) -> list[Row]:
    """500 signals a second for so long, and so many processes that share them."""
    target = Target()
    server = await asyncio.start_server(target.serve, "0.0.0.0", 0)  # noqa: S104 (all of loopback)
    port = server.sockets[0].getsockname()[1]
    log = StartLog(await from_now_on(kafka, names.AUTOMATION))
    settings = StoreSettings(url=store_url)
    store = open_store(settings, f"{settings.database_prefix}automation")
    runs = store.documents(RUNS, SystemClock().now)
    with automation(kafka, store_url, replicas) as processes:
        await all_ready(processes)
        starting = Starting(kafka, target, port, log)
        async with _followed(log.follow()):
            await starting.start(RATE * _WARM_UP_SECONDS, "warm-up")
            admitted, used = Admitted(runs, await runs.count()), -_cpu_seconds(processes)
            async with _followed(admitted.follow()):
                due = await starting.start(RATE * seconds, "s")
            used += _cpu_seconds(processes)
    await log.consumer.stop()
    await store.stop()
    server.close()
    what = f"at {RATE}/s for {seconds} s, {replicas} process{'es' if replicas > 1 else ''}"
    in_journal = dict(zip(due, admitted.moments, strict=True))
    return [
        *_latencies("admitted", what, due, in_journal),
        *_latencies("started", what, due, log.started, bar="≤ 1000"),
        *_latencies("first act", what, due, target.called),
        Row(f"processor time of a start with its act, {what}", _ms(used / len(due)), "ms"),
    ]


@asynccontextmanager
async def _followed(following: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Beside the block."""
    task = asyncio.create_task(following)
    try:
        yield
    finally:
        await cancel_tasks(task)


def _latencies(
    name: str, what: str, due: Mapping[str, float], at: Mapping[str, float], bar: str = ""
) -> list[Row]:
    taken = sorted(at[subject] - moment for subject, moment in due.items())
    middle, late = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    return [
        Row(f"signal to {name}, p50 {what}", _ms(middle), "ms"),
        Row(f"signal to {name}, p99 {what}", _ms(late), "ms", bar=bar),
    ]


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def _cpu_seconds(processes: Mapping[int, psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes.values())
