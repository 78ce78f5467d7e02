"""`desk dead`: what could not be handled, why, and how to give it another try."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from desk_shared.bus.producer import KafkaPublisher
from desk_shared.bus.records import ATTEMPT, FAILED_AT, ORIGIN, REASON, REASON_CODE, KafkaRecord
from desk_shared.cli.reading import existing, read_all
from desk_shared.cli.screen import Sheet
from desk_shared.cli.screen import show as show_
from desk_shared.cli.setting import settings
from desk_shared.errors import Invalid
from desk_shared.events import Message
from desk_shared.events.topics import DEAD, RETRY
from desk_shared.terminal import say

app = typer.Typer(no_args_is_help=True, help="Dead letters: list, show, replay.")

Place = Annotated[str, typer.Option(help="Only this record: partition/offset as `show` prints it.")]
Code = Annotated[str, typer.Option(help="Only this reason, for example bad-json or bug.")]


@app.command("list")
def list_() -> None:
    """How many dead letters each topic holds, by reason. Exit code 1 if there are any."""
    found = asyncio.run(_count())
    table = Sheet("dead-letter topic", "reason", "records")
    for (topic, code), count in sorted(found.items()):
        table.add_line(topic, code, count)
    if found:
        show_(table)
        raise typer.Exit(1)
    say("No dead letters.")


@app.command()
def show(topic: str, reason: Code = "", record: Place = "") -> None:
    """The records of one dead-letter topic, with why and where they came from."""
    asyncio.run(_show(topic, reason, record))


@app.command()
def replay(
    topic: str,
    reason: Code = "",
    record: Place = "",
    every: Annotated[bool, typer.Option("--all", help="Every record of the topic.")] = False,
) -> None:
    """Give dead letters back to the group that could not handle them, and only to it.

    Handling an event twice is harmless, so a replay can be repeated without fear.
    """
    if not (reason or record or every):
        raise Invalid("Say what to replay: --reason CODE, --record PARTITION/OFFSET or --all.")
    count = asyncio.run(_replay(topic, reason, record))
    say(f"{count} records given back to {_back(topic)}.")


async def _count() -> Counter[tuple[str, str]]:
    chosen = settings()
    names = [
        name
        for name in await existing(chosen.kafka)
        if name.endswith(DEAD) and name.startswith(chosen.topic_prefix)
    ]
    found: Counter[tuple[str, str]] = Counter()
    if names:
        async for raw in read_all(chosen.kafka, names):
            found[raw.topic, _told(raw, REASON_CODE)] += 1
    return found


async def _chosen(topic: str, reason: str, record: str) -> AsyncIterator[KafkaRecord]:
    if not topic.endswith(DEAD):
        raise Invalid(
            f"'{topic}' is no dead-letter topic; these end in {DEAD}. See `desk dead list`."
        )
    async for raw in read_all(settings().kafka, [settings().topic_prefix + topic]):
        is_reason = not reason or _told(raw, REASON_CODE) == reason
        if is_reason and record in ("", f"{raw.partition}/{raw.offset}"):
            yield raw


async def _show(topic: str, reason: str, record: str) -> None:
    table = Sheet("record", "key", "reason", "from", "tries", "first failed")
    async for raw in _chosen(topic, reason, record):
        key = (raw.key or b"").decode(errors="replace")
        why = f"{_told(raw, REASON_CODE)}: {_told(raw, REASON)}"
        place = f"{raw.partition}/{raw.offset}"
        rest = (_told(raw, ORIGIN), _told(raw, ATTEMPT), _told(raw, FAILED_AT)[:19])
        table.add_line(place, key, why, *rest)
    show_(table)


async def _replay(topic: str, reason: str, record: str) -> int:
    chosen = settings()
    messages = [_again(raw, _back(topic)) async for raw in _chosen(topic, reason, record)]
    publisher = KafkaPublisher(chosen.kafka, "desk-dead", chosen.topic_prefix)
    await publisher.start()
    try:
        await publisher.publish(messages)
    finally:
        await publisher.stop()
    return len(messages)


def _again(raw: KafkaRecord, target: str) -> Message:
    """The record with its tries forgotten; where it came from is kept."""
    kept = tuple((n, t) for n, t in raw.headers if t is not None and n != ATTEMPT)
    return Message(target, raw.key or b"", raw.value or b"", kept)


def _back(topic: str) -> str:
    return topic.removesuffix(DEAD) + RETRY


def _told(raw: KafkaRecord, name: str) -> str:
    return (dict(raw.headers).get(name) or b"").decode(errors="replace")
