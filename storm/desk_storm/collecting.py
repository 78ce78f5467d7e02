"""Closing the books: every record of every topic, and what notify says of its deliveries."""

from datetime import UTC, datetime

import httpx
from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import Invalid
from desk_contracts.ids import derive_id
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.settings import KafkaSettings

from desk_storm.books import Delivery, Record

_REASON = "desk-reason-code"
_MAIL = "mailto:"
_OPERATOR = {"X-Desk-User": "storm", "X-Desk-Roles": "operator"}


async def collect(notify: str, kafka: KafkaSettings) -> tuple[list[Delivery], list[Record]]:
    """What the desk says. It is read before the books of others: what it says was done is in those
    by then."""
    return await deliveries(notify), await records(kafka)


async def records(kafka: KafkaSettings) -> list[Record]:
    """Every record of the desk's topics, side topics included."""
    codec, items = Codec(), []
    names = [name for name in sorted(await list_topic_names(kafka)) if name.startswith("desk.")]
    async for raw in read_all(kafka, names):
        at = datetime.fromtimestamp(getattr(raw, "timestamp", 0) / 1000, UTC)
        reason = (dict(raw.headers).get(_REASON) or b"").decode()
        event: AnyEvent | None = None
        try:
            event = codec.decode(raw.key, raw.value, raw.headers, at)
        except Invalid as error:
            reason = reason or str(error)
        items.append(Record(raw.topic, raw.partition, raw.offset, at, event, reason))
    return items


async def deliveries(notify: str) -> list[Delivery]:
    """Page by page, by the public route for operators."""
    items: list[Delivery] = []
    params = {"limit": "200"}
    async with httpx.AsyncClient(base_url=notify, timeout=30) as http:
        while True:
            answer = await http.get("/v1/deliveries", params=params, headers=_OPERATOR)
            page = answer.raise_for_status().json()
            for message in page["items"]:
                items += [_delivery(message["id"], item) for item in message["deliveries"]]
            if not page.get("next"):
                return items
            params = {"limit": "200", "cursor": page["next"]}


def _delivery(message: str, document: dict[str, str]) -> Delivery:
    channel = document["channel"]
    return Delivery(
        message,
        channel,
        document["state"],
        derive_id(message, channel) if channel.startswith(_MAIL) else "",
        int(document["attempts"]),
        datetime.fromisoformat(document["changed_at"]),
        document["reason"],
    )
