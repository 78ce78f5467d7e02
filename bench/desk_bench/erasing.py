"""One person is erased with the tickets of many others around: from a store, then from the log."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from desk_cli.log_rewrite import open_rewriter
from desk_contracts import AnyEvent, names
from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_intake.tickets.evolve import replay
from desk_intake.tickets.store import TICKETS
from desk_platform.clock import SystemClock
from desk_platform.erasure import ERASED_HERE, ErasedStore, Erasures, ErasureWorker
from desk_platform.health import Health
from desk_platform.kafka import CommandQueue, KafkaPublisher, Projection, UnitOfWork
from desk_platform.settings import KafkaSettings, ServiceSettings
from desk_platform.settings.groups import Environment
from desk_platform.store import Stored
from desk_platform.store.sqlite.store import SqliteStore, folder_of
from desk_platform.telemetry import start

from desk_bench.lives import lives, publish
from desk_bench.rows import Row

_BULK = 500
_MINE = 20


async def run(kafka: KafkaSettings, store_url: str, tickets: int) -> list[Row]:
    """The person has twenty tickets, the others so many."""
    events = lives(range(tickets + _MINE))
    stories: dict[str, list[AnyEvent]] = {}
    for event in events:
        stories.setdefault(event.subject, []).append(event)
    mine = list(stories)[:: max(1, len(stories) // _MINE)][:_MINE]
    person = "person-17"
    events = [_given_to(person, event) if event.subject in mine else event for event in events]
    for id in mine:
        stories[id] = [_given_to(person, event) for event in stories[id]]
    settings = ServiceSettings(environment=Environment.LOCAL, kafka=kafka)
    worker, key = await _fill(settings, store_url, stories)
    erasure = Erasure("e-1", datetime.now(UTC), hash_person(key, person), "nobody", frozenset(mine))
    worker.erasures.all = {erasure.id: erasure}
    began = time.perf_counter()
    await worker.carry_out_once()
    in_store = time.perf_counter() - began
    await publish(kafka, events)
    began = time.perf_counter()
    async with open_rewriter(kafka, "", Redactor(key, [erasure])) as rewriter:
        done = await rewriter.rewrite([names.TICKETS])
    in_log = time.perf_counter() - began
    name = f"one person erased beside {tickets:,} tickets of others"
    return [
        Row(f"{name}: one pass over intake's store", round(in_store, 2), "s"),
        Row(f"{name}: the log of tickets written again", round(in_log, 2), "s"),
        Row(f"{name}: records written again", sum(item.copies for item in done), "records"),
        Row(f"{name}: records that held something", sum(item.affected for item in done), "records"),
    ]


def _given_to(person: str, event: AnyEvent) -> AnyEvent:
    """The same event, of that person's ticket."""
    if "requester" not in type(event.data).model_fields:
        return event
    return event._replace(data=event.data.model_copy(update={"requester": person}))


async def _fill(
    settings: ServiceSettings, store_url: str, stories: Mapping[str, Sequence[AnyEvent]]
) -> tuple[ErasureWorker, bytes]:
    clock = SystemClock()
    store = SqliteStore(folder_of(store_url), "intake")
    documents = store.documents(TICKETS, clock.now)
    await documents.prepare()
    states = [Stored(id, state=replay(events)) for id, events in stories.items()]
    for first in range(0, len(states), _BULK):
        await documents.write(states[first : first + _BULK])
    marks = store.documents(ERASED_HERE, clock.now)
    await marks.prepare()
    leases = store.leases(clock.now)
    await leases.prepare()
    publisher = KafkaPublisher(settings.kafka, "bench")
    meters = start("bench", settings).meters
    unit_of_work = UnitOfWork(Projection(marks), publisher, clock, meters, cached=0)
    kept = ErasedStore("intake", store, marks, CommandQueue(unit_of_work), leases)
    erasures = Erasures(settings, Health(clock))
    return ErasureWorker(kept, erasures, clock), erasures.key or b""
