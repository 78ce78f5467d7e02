"""`desk status` and `desk lag`: does everything answer, and how far behind is each group?"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import httpx
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from desk_contracts.topics import SERVICES
from desk_platform.kafka.agreement import Committed, read_committed
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.topic_reader import list_topic_names
from desk_platform.terminal import say

from desk_cli.options import settings
from desk_cli.screen import TextTable, show, style

_TIMEOUT_S = 5.0


def status() -> None:
    """Whether the brokers and each of the five services answer, and what is wrong if not.

    Exit code 1 unless all are ready. Where people sign in, services say why to an operator's
    DESKCLI_TOKEN only.
    """
    chosen = settings()
    names = asyncio.run(list_topic_names(chosen.kafka))
    own = sum(name.startswith(chosen.topic_prefix + "desk.") for name in names)
    table = TextTable("what", "is", "why")
    table.add_line("kafka", style("ready", "green"), f"answers, with {own} topics of the desk")
    is_ready = own > 0
    token = chosen.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    with httpx.Client(timeout=_TIMEOUT_S, trust_env=False, headers=headers) as client:
        for name in SERVICES:
            answer, why = _ask(client, getattr(chosen, f"{name}_url"))
            is_ready &= answer == "ready"
            table.add_line(name, style(answer, "green" if answer == "ready" else "red"), why)
    show(table)
    if not is_ready:
        raise typer.Exit(1)


def _ask(client: httpx.Client, url: str) -> tuple[str, str]:
    """What a service says of itself; one that does not answer is unknown, not ill."""
    try:
        answer = client.get(f"{url.rstrip('/')}/health/ready")
        reasons = answer.json()["reasons"]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return "unknown", f"{url} does not answer ({type(error).__name__})"
    except (ValueError, KeyError, TypeError):
        return "unknown", f"{url} does not answer as the desk does"
    ready = answer.status_code == httpx.codes.OK
    return ("ready" if ready else "not ready"), "; ".join(map(str, reasons)) or url


def lag() -> None:
    """How many records each group of the desk has still to read, by topic.

    Asks for the desk's own groups only, one request each. Exit code 1 if none has noted a place:
    how far they are is not known then.
    """
    groups, lags = asyncio.run(_read_lags())
    table = TextTable("group", "topic", "behind", "partitions")
    for item in lags:
        table.add_line(item.group, item.topic, item.behind, str(item.partitions))
    if not lags:
        if groups:
            say(
                f"{len(groups)} groups of the desk are here, and none has noted how far it has"
                " read: nothing was published yet, or nothing of it is handled."
            )
        else:
            say("No group of the desk has read anything here. Did the services ever run?")
        raise typer.Exit(1)
    show(table)
    say(f"{sum(item.behind for item in lags)} records behind in all.")


class Lag(NamedTuple):
    """How far a group is behind on one topic; only partitions of which it has noted a place."""

    group: str
    topic: str
    behind: int
    partitions: int


async def _read_lags() -> tuple[list[str], list[Lag]]:
    chosen = settings()
    admin = AIOKafkaAdminClient(client_id="desk-lag", **kafka_arguments(chosen.kafka))
    await admin.start()
    try:
        listed = [str(group[0]) for group in await admin.list_consumer_groups()]
    finally:
        await admin.close()
    groups = own_groups(listed, chosen.topic_prefix)
    committed = await read_committed(chosen.kafka, groups, chosen.topic_prefix)
    places = {place for item in committed.values() for place in item.offsets}
    if not places:
        return groups, []
    consumer = AIOKafkaConsumer(**kafka_arguments(chosen.kafka))
    await consumer.start()
    try:
        return groups, lags_of(committed, await consumer.end_offsets(list(places)))
    finally:
        await consumer.stop()


def own_groups(groups: Iterable[str], prefix: str) -> list[str]:
    """Those of the services, without the prefix; other programs share the brokers."""
    plain = (group.removeprefix(prefix) for group in groups if group.startswith(prefix))
    return sorted(group for group in plain if group.partition(".")[0] in SERVICES)


def lags_of(committed: Mapping[str, Committed], ends: Mapping[TopicPartition, int]) -> list[Lag]:
    """By group and topic, in order."""
    lags = []
    for group, item in sorted(committed.items()):
        for topic in sorted({place.topic for place in item.offsets}):
            places = [place for place in item.offsets if place.topic == topic]
            behind = sum(max(0, ends[place] - item.offsets[place]) for place in places)
            lags.append(Lag(group, topic, behind, len(places)))
    return lags
