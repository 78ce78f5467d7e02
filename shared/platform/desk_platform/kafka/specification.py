"""A service's subscriptions as a FastStream application: for `faststream docs`, not to be run.

The consumers of a running service are declared by the same calls, and do what FastStream's own
acknowledgement and parsing cannot do without losing records (ADR 4).
"""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from desk_contracts.catalogue import PAYLOADS
from desk_contracts.names import API_VERSION, NOTIFICATIONS, TITLE
from desk_contracts.topics import TEAM_CHANNEL
from faststream import FastStream
from faststream.specification import AsyncAPI

from desk_platform.kafka.subscription import Reading, broker_of, safe_arguments
from desk_platform.service import Group, Service
from desk_platform.settings import KafkaSettings


def application(service: Service[Any, Any]) -> FastStream:
    """Channels, messages and their payloads, as far as this service reads them."""
    broker = broker_of(KafkaSettings(), service.name)
    for group in service.groups():
        subscriber = broker.subscriber(
            *group.topics,
            # The only family of topics that anybody reads.
            pattern=TEAM_CHANNEL if group.pattern else None,
            title=group.name,
            description=f"Goes to: {', '.join(group.subscription.to)}.",
            include_in_schema=not group.is_retry,
            **safe_arguments(group.name, None, Reading(), is_delayed=group.is_retry),
        )
        subscriber(_make_reader(group))
    title = f"{TITLE}: {service.name}"
    return FastStream(broker, specification=AsyncAPI(title=title, version=API_VERSION))


def _make_reader(group: Group) -> Callable[..., Any]:
    """FastStream takes what is on a channel from what its handler is annotated with."""

    async def read(batch: list[Any]) -> None:
        raise NotImplementedError("this application only describes; run the service itself")

    # A pattern stands for notification topics.
    topics = {*group.subscription.topics, *([NOTIFICATIONS] if group.pattern else ())}
    payloads = [payload for payload in PAYLOADS.values() if payload.TOPIC in topics]
    read.__annotations__["batch"] = list[reduce(or_, payloads)]  # type: ignore[misc]
    return read
