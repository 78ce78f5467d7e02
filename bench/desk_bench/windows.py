"""Counts per service and minute: metrics' cells against Quix Streams, one topic for both.

For once a part of a day is a service, so that both count by the records' own key and neither has to
send everything through the brokers a second time.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from desk_contracts import AnyEvent, Event
from desk_contracts.events.contributions import ContributionsChanged
from desk_contracts.ids import derive_id
from desk_contracts.names import CONTRIBUTIONS
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import BUCKETS
from desk_metrics.measures.worker import buckets_projection
from desk_metrics.service import LINGER
from desk_platform.clock import SystemClock
from desk_platform.kafka import KafkaPublisher, UnitOfWork
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import Documents, open_store
from desk_testing.telemetry import record_telemetry

from desk_bench.lives import BEGAN, BETWEEN, SERVICES, publish, ticket_id
from desk_bench.rows import Row, compared
from desk_bench.through import Drained, Timed, consumed

# The Python of an environment with bench/requirements.txt; ours if it is not set.
QUIX_PYTHON = "BENCH_QUIX_PYTHON"
NAME = "counts per service and minute"
MINUTE = 60_000_000
_SCRIPT = Path(__file__).with_name("quix.py")
Counts = Counter[str]


async def run(kafka: str, store_url: str, tickets: int) -> list[Row]:
    """Both count the same openings of tickets, and must come to the same counts."""
    settings = KafkaSettings(bootstrap=kafka)
    await publish(settings, [_opened(number) for number in range(tickets)])
    await _desk(settings, store_url, tickets, "warm-up")
    ours, counts = await _desk(settings, store_url, tickets, "desk")
    python = os.environ.get(QUIX_PYTHON, sys.executable)
    if not await _has_quix(python):
        reason = f"no baseline: {QUIX_PYTHON} has no quixstreams (bench/requirements.txt)"
        return [Row(NAME, round(ours, 2), "events/s", bar=reason)]
    theirs, quix_counts = await _quix(python, kafka, tickets)
    assert counts == quix_counts, "the two count differently"
    return [compared(f"{NAME}, against Quix Streams", ours, theirs, "events/s")]


def _opened(number: int) -> AnyEvent:
    """What a ticket posts to its cell when it is opened."""
    moment, service = BEGAN + number * BETWEEN, SERVICES[number % len(SERVICES)]
    at, of = int(moment.timestamp()) * 1_000_000, ticket_id(number)
    data = ContributionsChanged(
        of=of,
        revision=1,
        kind="incident",
        service=service,
        contributions=(("opened", at, at, 1, 0),),
    )
    id, bucket = derive_id(of, "measures", 1), f"{moment:%Y-%m-%d}.{service}"
    return Event(id, "/desk/metrics", bucket, moment, data)


async def _desk(
    kafka: KafkaSettings, store_url: str, events: int, name: str
) -> tuple[float, Counts]:
    """Events a second through the service's own fold into the store, and what is counted there."""
    store = open_store(StoreSettings(url=store_url), f"bench-{name}")
    documents = store.documents(BUCKETS, SystemClock().now)
    await documents.prepare()
    drained = Drained(events)

    def handler(publisher: KafkaPublisher) -> Timed:
        meters = record_telemetry().telemetry.meters
        projection = buckets_projection(documents)
        return Timed(drained, UnitOfWork(projection, publisher, SystemClock(), meters, cached=64))

    rate = await consumed(kafka, name, drained, handler, topic=CONTRIBUTIONS, linger=LINGER)
    counts = await _counted(documents)
    await store.drop()
    await store.stop()
    return rate, counts


async def _counted(documents: Documents[Bucket]) -> Counts:
    """As a figure is made: sums of postings."""
    counts: Counts = Counter()
    for bucket in await documents.find({}, limit=100_000):
        for entry in bucket.state.entries if bucket.state else ():
            for contribution in entry.contributions:
                counts[f"{bucket.id} {contribution.at // MINUTE}"] += contribution.weight
    return counts


async def _has_quix(python: str) -> bool:
    words = (python, "-W", "ignore", "-c", "import quixstreams")
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


async def _quix(python: str, kafka: str, events: int) -> tuple[float, Counts]:
    with tempfile.TemporaryDirectory() as folder:
        words = (
            python,
            "-P",
            "-W",
            "ignore",
            str(_SCRIPT),
            kafka,
            CONTRIBUTIONS,
            str(events),
            folder,
        )
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
    assert process.returncode == 0, "Quix Streams failed; what it says is above"
    answer = json.loads(output)
    assert answer["records"] == events
    return events / answer["seconds"], Counter(answer["counts"])
