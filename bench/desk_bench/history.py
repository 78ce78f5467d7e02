"""The whole desk on a store that holds a history: idle, answers, busy, killed.

The documents are those that the services would have written; they are put there through the
store's port, without events, so that 100,000 tickets take seconds.
"""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
from aiokafka import AIOKafkaConsumer
from desk_contracts import names
from desk_contracts.events.notifications import Notified
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.ids import derive_id, ticket_code
from desk_intake.tickets.record import Cause, record
from desk_intake.tickets.store import TICKETS
from desk_notify.deliveries.model import Delivery, DeliveryState, Dispatch
from desk_notify.deliveries.store import DELIVERIES
from desk_platform.settings import StoreSettings
from desk_platform.store import Stored, open_store

from desk_bench.burst import publish_requests
from desk_bench.fleet import fleet
from desk_bench.listening import from_now_on
from desk_bench.roundtrip import TITLES, list_team_topics
from desk_bench.rows import Row

DELIVERIES_A_TICKET = 5
SETTLED_SECONDS, IDLE_SECONDS = 10, 20
QUESTIONS = 200
TIMEOUT = 600
_BULK = 1_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


async def run(kafka: str, store_url: str, sizes: Sequence[int], requests: int) -> list[Row]:
    """Smallest first; the store grows from one to the next."""
    rows, filled = list[Row](), 0
    for size in sizes:
        await _fill(store_url, range(filled, size))
        filled = size
        rows += await _measure(kafka, store_url, size, requests)
    return rows


async def _measure(kafka: str, store_url: str, size: int, requests: int) -> list[Row]:
    """What a history of that size costs."""
    name = f"with {size:,} tickets"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        desk = stack.enter_context(fleet(kafka, store_url, folder))
        await desk.are_ready()
        await asyncio.sleep(SETTLED_SECONDS)
        idle = await desk.idle(IDLE_SECONDS)
        memory, shared = desk.megabytes()
        answers = await _ask(desk.port_of("intake"), size) if size else []
        opened, notified = await _burst(kafka, requests)
        await asyncio.sleep(SETTLED_SECONDS)
        _, afterwards = desk.megabytes()
        desk.kill()
        again = await stack.enter_context(fleet(kafka, store_url, folder)).are_ready()
    return [
        Row(f"five services idle {name}", round(100 * idle, 1), "% of a core", bar="≤ 8"),
        Row(f"memory of five services {name}", round(memory), "MB"),
        Row(f"the same, shared pages once, {name}", round(shared), "MB"),
        Row(f"the same after {requests:,} more tickets", round(afterwards), "MB"),
        *answers,
        Row(f"requests to tickets {name}", round(opened, 1), "tickets/s", bar="≥ 150"),
        Row(f"requests to the teams' messages {name}", round(notified, 1), "tickets/s", bar="≥ 60"),
        Row(f"all ready after kill -9 {name}", round(again, 1), "s", bar="≤ 3"),
    ]


async def _ask(port: int, size: int) -> list[Row]:
    """One after the other, for tickets from all over the history."""
    by_code, mine = list[float](), list[float]()
    base = f"http://127.0.0.1:{port}/v1/tickets"
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(0, size, max(1, size // QUESTIONS)):
            headers = {"X-Desk-User": _person(number), "X-Desk-Roles": "employee"}
            code = ticket_code(_ticket_id(number), 0)
            for url, taken in ((f"{base}/{code}", by_code), (base, mine)):
                before = perf_counter()
                answer = await client.get(url, headers=headers)
                taken.append(1000 * (perf_counter() - before))
                answer.raise_for_status()
    return [
        Row(f"{what} with {size:,} tickets, p95", round(_p95(taken), 1), "ms", bar="≤ 30")
        for what, taken in (("GET by code", by_code), ("my tickets", mine))
    ]


async def _burst(kafka: str, requests: int) -> tuple[float, float]:
    """Requests a second until they are tickets, and until their teams are told."""
    tickets = await from_now_on(kafka, names.TICKETS, wait_ms=100)
    teams = await from_now_on(kafka, *await list_team_topics(kafka), wait_ms=100)
    before = perf_counter()
    await publish_requests(kafka, requests)
    async with asyncio.timeout(TIMEOUT):
        opened, notified = await asyncio.gather(
            _count(tickets, TicketOpened.TYPE, requests), _count(teams, Notified.TYPE, requests)
        )
    await tickets.stop()
    await teams.stop()
    return requests / (opened - before), requests / (notified - before)


async def _count(consumer: AIOKafkaConsumer, type: str, wanted: int) -> float:
    """The moment at which so many different subjects had an event of that type."""
    header, seen = ("ce_type", type.encode()), set[bytes]()
    async for raw in consumer:
        if header in raw.headers:
            # The same ticket may be told to a team twice; its first word counts.
            seen.add(raw.key if type == TicketOpened.TYPE else _ticket_of(raw.value))
            if len(seen) >= wanted:
                break
    return perf_counter()


def _ticket_of(value: bytes) -> bytes:
    _, _, rest = value.partition(b'"ticket":"')
    return rest.partition(b'"')[0]


async def _fill(store_url: str, numbers: range) -> None:
    """Tickets of intake, and what notify keeps of them."""
    settings = StoreSettings(url=store_url)
    stores = {
        name: open_store(settings, settings.database_prefix + name) for name in ("intake", "notify")
    }
    now = datetime.now
    tickets = stores["intake"].documents(TICKETS, lambda: now(UTC))
    deliveries = stores["notify"].documents(DELIVERIES, lambda: now(UTC))
    await tickets.prepare()
    await deliveries.prepare()
    for first in range(numbers.start, numbers.stop, _BULK):
        bulk = range(first, min(numbers.stop, first + _BULK))
        await tickets.write([_ticket(number) for number in bulk])
        await deliveries.write(
            [_delivery(number, copy) for number in bulk for copy in range(DELIVERIES_A_TICKET)]
        )
    for store in stores.values():
        await store.stop()


def _ticket(number: int) -> Stored:  # type: ignore[type-arg]  # of intake's own model
    id = _ticket_id(number)
    opened = TicketOpened(
        code=ticket_code(id, 0),
        title=f"{TITLES[number % len(TITLES)]}, {number}",
        requester=_person(number),
        kind=Kind.INCIDENT,
        channel=Channel.PORTAL,
    )
    decision = record(id, None, [opened], Cause(id, _BEGAN + timedelta(minutes=number)))
    assert decision is not None
    return Stored(id, state=decision.state)


def _delivery(number: int, copy: int) -> Stored[Dispatch]:
    at = _BEGAN + timedelta(minutes=number)
    sent = Delivery(channel="mail", state=DeliveryState.SENT, attempts=1, changed_at=at)
    dispatch = Dispatch(
        message=derive_id(_ticket_id(number), f"message {copy}"),
        recipient=_person(number),
        kind="ticket-received",
        title="Your ticket",
        body="We have it. " * 20,
        thread=_ticket_id(number),
        happened_at=at,
        deliveries=(sent,),
    )
    return Stored(dispatch.message, state=dispatch)


def _ticket_id(number: int) -> str:
    return derive_id("history of the benchmark", str(number))


def _person(number: int) -> str:
    return f"person-{number % 5_000}"


def _p95(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]
