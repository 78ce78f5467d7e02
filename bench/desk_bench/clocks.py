"""Many running clocks, a tenth of which break within a minute: how late each breach is told.

By the services themselves, so all that a verdict waits for is in the way: what intake vouches for,
the end of the ticket's partition, the version of the SLA policies.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from desk_contracts import names
from desk_contracts.events.sla import SlaBreached
from desk_contracts.value_types import Priority
from desk_metrics.measures.model import TicketRecord
from desk_platform.settings import StoreSettings
from desk_platform.store import Stored
from desk_platform.store.mongo.store import MongoStore
from desk_testing import eventually

from desk_bench.listening import from_now_on
from desk_bench.lives import Life, book
from desk_bench.projecting import prepared
from desk_bench.ready import ready
from desk_bench.rows import Row
from desk_bench.serving import ready as answers
from desk_bench.serving import service

# All of them break within this time; the first of `PARTS` is waited for, the others keep running.
SPREAD, PARTS = timedelta(minutes=10), 10
ANSWER_WITHIN = timedelta(minutes=15)
# Until the first one is due everything is written and the services run.
NOTICE, WRITTEN_PER_SECOND = timedelta(seconds=40), 1_500
TIMEOUT = 240
_BULK = 500
_BREACHED = ("ce_type", SlaBreached.TYPE.encode())


async def run(kafka: str, store_url: str, clocks: int) -> list[Row]:
    """Clocks are wound up in metrics' own store; then it starts, and intake that vouches for it."""
    first_due = datetime.now(UTC) + NOTICE + timedelta(seconds=clocks / WRITTEN_PER_SECOND)
    settings = StoreSettings(url=store_url)
    store = MongoStore(settings, settings.database_prefix + "metrics")
    documents = await prepared(store.database)
    for part in _in_bulks(clocks, first_due):
        await documents.write(part)
    await store.stop()
    wanted = clocks // PARTS
    async with _listening(kafka) as late:
        with ExitStack() as running:
            for name in ("intake", "metrics"):
                await answers(
                    running.enter_context(service(name, kafka, store_url)), "/health/ready"
                )
            if datetime.now(UTC) > first_due:
                raise SystemExit("The machine is too slow to wind up so many clocks in time.")
            await eventually(lambda: len(late) >= wanted, timeout=TIMEOUT)
    late = sorted(late[:wanted])
    within = (SPREAD / PARTS).seconds
    name = f"{clocks:,} clocks run, {wanted:,} break within {within} s, told late by"
    return [
        Row(f"{name}, p50", round(late[len(late) // 2], 3), "s"),
        Row(f"{name}, p99", round(late[int(len(late) * 0.99)], 3), "s", bar="≤ 1 s"),
        Row(f"{name}, most", round(late[-1], 3), "s"),
    ]


@contextlib.asynccontextmanager
async def _listening(kafka: str) -> AsyncIterator[list[float]]:
    """How late each breach was when whoever reads `desk.sla` had it, in seconds."""
    consumer = await from_now_on(kafka, names.SLA)
    late: list[float] = []

    async def note() -> None:
        async for record in consumer:
            if _BREACHED in record.headers:
                due = datetime.fromisoformat(dict(record.headers)["ce_time"].decode())
                late.append((datetime.now(UTC) - due).total_seconds())

    noting = asyncio.create_task(note())
    try:
        yield late
    finally:
        noting.cancel()
        await consumer.stop()


def _in_bulks(clocks: int, first_due: datetime) -> Iterator[list[Stored[TicketRecord]]]:
    """Tickets that nobody answers, evenly spread; all other targets are later."""
    policies, urgent, now = book(), Priority("P1"), datetime.now(UTC)
    first = first_due - ANSWER_WITHIN
    bulk = []
    for number in range(clocks):
        life = Life(number, first + SPREAD * number / clocks).begin(urgent)
        bulk.append(ready(life.events[:3], policies, now))
        if len(bulk) == _BULK or number == clocks - 1:
            yield bulk
            bulk = []
