"""`desk metrics rebuild`: metrics made again from offset 0, and compared with the living one.

Also `python -m desk_metrics.rebuild.commands`. It writes to a database of its own and tells nobody.
"""

import asyncio
import heapq
import sys
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from desk_charter import load_charter
from desk_charter.admission import Admission
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.text import plain_line
from desk_platform.clock import Clock, SystemClock
from desk_platform.kafka import Received
from desk_platform.kafka.consumer import Admits, admit_all
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_reader import reader
from desk_platform.settings import load_settings
from desk_platform.store import Store, open_existing_store, open_store
from desk_platform.telemetry import Telemetry, start
from desk_platform.terminal import say

from desk_metrics.measures.store import BUCKETS, DETECTIONS, OUTAGES, REPAIRS, RESPONSES, RETURNS
from desk_metrics.measures.store import TICKETS as TICKET_RECORDS
from desk_metrics.measures.worker import READS
from desk_metrics.rebuild.store import Collections, Comparison, compare_collections
from desk_metrics.rebuild.worker import RebuildRunner
from desk_metrics.reports.store import CHANGES as CHANGE_RECORDS
from desk_metrics.settings import MetricsSettings
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.store import EDITIONS

app = typer.Typer(no_args_is_help=True, help="Look after what metrics has worked out.")


@dataclass(slots=True)
class Outcome:
    """What a rebuild found."""

    events: int = 0
    seconds: float = 0.0
    unreadable: int = 0
    refused: int = 0
    moving: int = 0
    failures: list[str] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.failures and all(comparison.is_clean for comparison in self.comparisons)


@app.callback()
def metrics() -> None:
    """A group, although it has one command so far."""


@app.command()
def rebuild(
    keep: Annotated[bool, typer.Option(help="Leave the rebuilt database for a look.")] = False,
) -> None:
    """Make all SLAs and measures again from the log and compare; exit code 1 if they differ."""
    outcome = asyncio.run(run(load_settings(MetricsSettings), keep=keep))
    _show(outcome)
    raise typer.Exit(0 if outcome.is_clean else 1)


async def run(
    settings: MetricsSettings, *, keep: bool = False, clock: Clock | None = None
) -> Outcome:
    """Read, project, bring to the present, compare."""
    clock = clock or SystemClock()
    living = open_existing_store(settings.store, f"{settings.store.database_prefix}metrics")
    fresh = open_store(settings.store, f"{settings.store.database_prefix}metrics-rebuilt")
    telemetry = start("metrics-rebuild", settings)
    try:
        await fresh.drop()
        return await _rebuilt(settings, living, fresh, clock, telemetry)
    finally:
        if not keep:
            await fresh.drop()
        await living.stop()
        await fresh.stop()
        await telemetry.stop()


async def _rebuilt(
    settings: MetricsSettings, living: Store, fresh: Store, clock: Clock, telemetry: Telemetry
) -> Outcome:
    book = await _book(living, clock)
    collections = _open_collections(fresh, clock)
    every = (
        collections.tickets,
        collections.buckets,
        collections.repairs,
        collections.detections,
        collections.changes,
        collections.outages,
        collections.responses,
        collections.returns,
    )
    for documents in every:
        await documents.prepare()
    runner = RebuildRunner(collections, lambda: book, clock, telemetry.meters)
    outcome, started = Outcome(failures=runner.failures), perf_counter()
    # Who may say what, as for the living metrics; what a revoked system said before stays said.
    charter = load_charter(settings.charter)
    sources = [source.model_copy(update={"revoked": False}) for source in charter.sources]
    charter = charter.model_copy(update={"sources": tuple(sources)})
    door = RecordDecoder(prefix=settings.topic_prefix)
    admits = Admission(lambda: charter, accepts_unknown=settings.accepts_unknown_sources)
    topics = [settings.topic_prefix + name for name in READS]
    async with reader(settings.kafka, topics) as consumer:
        outcome.events = await runner.read(in_event_time(consumer, outcome, door, admits))
    outcome.seconds = perf_counter() - started
    await runner.catch_up()
    outcome.comparisons, outcome.moving = await compare_collections(
        _open_collections(living, clock), collections
    )
    return outcome


async def _book(living: Store, clock: Clock) -> PolicyBook:
    """The SLAs as they were in force: kept for ever, and no event tells them."""
    editions = living.documents(EDITIONS, clock.now)
    stored = await editions.find({}, order="since", limit=10_000)
    if not stored:
        raise NotFound(
            "Metrics has not run here yet: there is no policy version to judge by. Start"
            " the desk with `make up` first."
        )
    return PolicyBook(item.state for item in stored if item.state is not None)


def _open_collections(store: Store, clock: Clock) -> Collections:
    now = clock.now
    return Collections(
        store.documents(TICKET_RECORDS, now),
        store.documents(BUCKETS, now),
        store.documents(REPAIRS, now),
        store.documents(DETECTIONS, now),
        store.documents(CHANGE_RECORDS, now),
        store.documents(OUTAGES, now),
        store.documents(RESPONSES, now),
        store.documents(RETURNS, now),
    )


async def in_event_time(
    consumer: AIOKafkaConsumer, outcome: Outcome, door: RecordDecoder, admits: Admits = admit_all
) -> AsyncIterator[Received]:
    """Every record up to the present end, oldest event first across partitions.

    Memory holds one fetch of each partition; within one its own order stands.
    """
    ends = await consumer.end_offsets(consumer.assignment())
    starts = await consumer.beginning_offsets(consumer.assignment())
    fetches = {
        topic_partition: _Fetched(ends[topic_partition], door, admits)
        for topic_partition, first in starts.items()
        if ends[topic_partition] > first
    }
    for partition in fetches:
        consumer.seek(partition, starts[partition])
    await _fill(consumer, fetches, outcome)
    every = list(fetches.values())
    heads = [
        (topic_partition.events[0].event.time, number)
        for number, topic_partition in enumerate(every)
        if topic_partition.events
    ]
    heapq.heapify(heads)
    while heads:
        _, number = heapq.heappop(heads)
        fetched = every[number]
        yield fetched.events.popleft()
        if not fetched.events:
            await _fill(consumer, fetches, outcome)
        if fetched.events:
            heapq.heappush(heads, (fetched.events[0].event.time, number))


@dataclass(slots=True)
class _Fetched:
    """What is fetched of one partition."""

    end: int
    door: RecordDecoder
    admits: Admits
    events: deque[Received] = field(default_factory=deque)
    is_done: bool = False


async def _fill(
    consumer: AIOKafkaConsumer, fetches: dict[TopicPartition, _Fetched], outcome: Outcome
) -> None:
    """Fetch until every partition that has more has something."""
    while empty := [
        topic_partition
        for topic_partition, fetched in fetches.items()
        if not fetched.events and not fetched.is_done
    ]:
        fetched = await consumer.getmany(*empty, timeout_ms=1000, max_records=2000)
        for partition, records in fetched.items():
            _take(fetches[partition], records, outcome)
        for partition in empty:
            # By position: what is last may be no record, but the mark of a transaction's end.
            at = await consumer.position(partition)
            fetches[partition].is_done = at >= fetches[partition].end


def _take(fetched: _Fetched, records: list[KafkaRecord], outcome: Outcome) -> None:
    for record in records:
        if record.offset < fetched.end:
            try:
                event = fetched.door.read(record)
            except Invalid:
                outcome.unreadable += 1
                continue
            if fetched.admits(event) is None:
                fetched.events.append(Received(event, record))
            else:
                outcome.refused += 1


def _show(outcome: Outcome) -> None:
    rate = outcome.events / outcome.seconds if outcome.seconds else 0
    say(
        f"{outcome.events} events read again in {outcome.seconds:.1f} s ({rate:.0f}/s),"
        f" {outcome.unreadable} unreadable, {outcome.refused} of unknown systems,"
        f" {outcome.moving} tickets still moving"
    )
    for comparison in outcome.comparisons:
        say(
            f"{comparison.collection}: {comparison.alike} alike,"
            f" {len(comparison.different)} different,"
            f" {len(comparison.missing)} missing in the rebuild,"
            f" {len(comparison.surplus)} only there"
        )
        for id in (*comparison.different, *comparison.missing, *comparison.surplus)[:20]:
            say(plain_line(f"  {id}"))
    for failure in outcome.failures[:20]:
        say(plain_line(f"failed: {failure}"))


if __name__ == "__main__":
    app(["rebuild", *sys.argv[1:]])
