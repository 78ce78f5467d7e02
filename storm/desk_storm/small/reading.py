"""What lies on the desk's topics and what notify says of its deliveries, once all is over."""

from datetime import UTC, datetime

import httpx
from desk_shared.cli.reading import existing, read_all
from desk_shared.errors import Invalid
from desk_shared.events import Codec
from desk_shared.ids import derived_id
from desk_shared.settings import KafkaSettings

from desk_storm.books import Delivery, Record

_OPERATOR = {"X-Desk-User": "storm", "X-Desk-Roles": "operator"}


async def records_of(kafka: KafkaSettings) -> tuple[Record, ...]:
    """Every record of every topic of the desk."""
    codec, found = Codec(), []
    topics = [name for name in await existing(kafka) if name.startswith("desk.")]
    async for raw in read_all(kafka, topics):
        at = datetime.fromtimestamp((getattr(raw, "timestamp", None) or 0) / 1000, UTC)
        reason = (dict(raw.headers).get("desk-reason-code") or b"").decode()
        try:
            event = codec.decode(raw.key, raw.value, raw.headers, at)
        except Invalid as error:
            event, reason = None, reason or str(error)
        found.append(Record(raw.topic, raw.partition, raw.offset, at, event, reason))
    return tuple(found)


async def deliveries_of(notify: str) -> tuple[Delivery, ...]:
    """Every delivery, as an operator is told."""
    found: list[Delivery] = []
    cursor = ""
    async with httpx.AsyncClient(base_url=notify, timeout=20, headers=_OPERATOR) as http:
        while True:
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = (await http.get("/v1/deliveries", params=params)).raise_for_status().json()
            for message in page["items"]:
                found += [_delivery(message["id"], one) for one in message["deliveries"]]
            cursor = page["next"] or ""
            if not cursor:
                return tuple(found)


def _delivery(message: str, told: dict[str, str]) -> Delivery:
    channel = told["channel"]
    return Delivery(
        message,
        channel,
        told["state"],
        derived_id(message, channel) if channel.startswith("mailto:") else "",
        int(told["attempts"]),
        datetime.fromisoformat(told["changed_at"]),
        told["reason"],
    )
