"""Closing the books: every record of every topic, and what notify says of its deliveries."""

import asyncio
from datetime import UTC, datetime

import httpx
from desk_shared.cli.reading import existing, read_all, reader
from desk_shared.errors import Invalid
from desk_shared.events import AnyEvent, Codec
from desk_shared.ids import derived_id
from desk_shared.settings import KafkaSettings

from desk_storm.books import Delivery, Record

_REASON = "desk-reason-code"
_MAIL = "mailto:"
_SAID = (
    "desk.tickets",
    "desk.triage",
    "desk.promises",
    "desk.automation",
    "desk.problems",
    "desk.notifications",
)
_LOOKS_EVERY, _QUIET_SECONDS = 3.0, 15.0
_OPERATOR = {"X-Desk-User": "storm", "X-Desk-Roles": "operator"}


async def records(kafka: KafkaSettings) -> list[Record]:
    """Every record of the desk's topics, side topics included."""
    codec, found = Codec(), []
    names = [name for name in sorted(await existing(kafka)) if name.startswith("desk.")]
    async for raw in read_all(kafka, names):
        at = datetime.fromtimestamp(getattr(raw, "timestamp", 0) / 1000, UTC)
        reason = (dict(raw.headers).get(_REASON) or b"").decode()
        event: AnyEvent | None = None
        try:
            event = codec.decode(raw.key, raw.value, raw.headers, at)
        except Invalid as error:
            reason = reason or str(error)
        found.append(Record(raw.topic, raw.partition, raw.offset, at, event, reason))
    return found


async def said_so_far(kafka: KafkaSettings) -> int:
    """How many records there are of what the desk itself says; what it tells all the time, as how
    far it has written, is left out."""
    names = [name for name in await existing(kafka) if name.startswith(_SAID)]
    async with reader(kafka, names) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
    return sum(ends.values())


async def quiet(kafka: KafkaSettings, at_least: float, at_most: float) -> float | None:
    """Wait until the desk says nothing more; after how many seconds, None if it never did."""
    loop = asyncio.get_running_loop()
    began = since = loop.time()
    before = await said_so_far(kafka)
    while loop.time() - began < at_most:
        await asyncio.sleep(_LOOKS_EVERY)
        now = await said_so_far(kafka)
        if now != before:
            before, since = now, loop.time()
        if loop.time() - since >= _QUIET_SECONDS and loop.time() - began >= at_least:
            return loop.time() - began
    return None


async def deliveries(notify: str) -> list[Delivery]:
    """Page by page, by the public route for operators."""
    found: list[Delivery] = []
    params = {"limit": "200"}
    async with httpx.AsyncClient(base_url=notify, timeout=30) as http:
        while True:
            answer = await http.get("/v1/deliveries", params=params, headers=_OPERATOR)
            page = answer.raise_for_status().json()
            for message in page["items"]:
                found += [_delivery(message["id"], one) for one in message["deliveries"]]
            if not page.get("next"):
                return found
            params = {"limit": "200", "cursor": page["next"]}


def _delivery(message: str, told: dict[str, str]) -> Delivery:
    channel = told["channel"]
    return Delivery(
        message,
        channel,
        told["state"],
        derived_id(message, channel) if channel.startswith(_MAIL) else "",
        int(told["attempts"]),
        datetime.fromisoformat(told["changed_at"]),
        told["reason"],
    )
