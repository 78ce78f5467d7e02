"""`desk replay FILE`: publishes CloudEvents in JSON Lines from outside systems."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from desk_shared.bus.producer import KafkaPublisher
from desk_shared.cli.setting import settings
from desk_shared.errors import Invalid
from desk_shared.events import Codec, Message
from desk_shared.events.topics import BY_NAME
from desk_shared.terminal import say
from desk_shared.text import plain_line

_CODEC = Codec()
_BATCH = 500


def replay(
    file: Annotated[
        Path, typer.Argument(help="CloudEvents, one JSON object per line; - is stdin.")
    ],
    dry_run: Annotated[bool, typer.Option(help="Only check the file.")] = False,
) -> None:
    """Publish events of outside systems: requests, telemetry, changes. Ids are kept, so a
    second replay of the same file makes nothing twice."""
    good, problems = _read(file)
    for problem in problems:
        say(plain_line(problem))
    if not dry_run:
        asyncio.run(_publish(good))
    done = "would be published" if dry_run else "published"
    say(f"{len(good)} events {done}, {len(problems)} refused.")
    if problems:
        raise typer.Exit(1)


def _read(file: Path) -> tuple[list[Message], list[str]]:
    good: list[Message] = []
    problems: list[str] = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            good.append(_message(line))
        except Invalid as error:
            problems.append(f"{file}:{number}: {error.message}")
    return good, problems


def _lines(file: Path) -> Iterator[str]:
    if str(file) == "-":
        yield from typer.get_text_stream("stdin")
        return
    if not file.is_file():
        raise Invalid(f"There is no file '{file}'.")
    with file.open(encoding="utf-8") as stream:
        yield from stream


def _message(line: str) -> Message:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise Invalid(f"not JSON: {error}") from error
    subject = document.get("subject") if isinstance(document, dict) else None
    if not isinstance(subject, str) or not subject:
        raise Invalid("the event has no subject; it becomes the record's key")
    headers = [("content-type", b"application/cloudevents+json")]
    event = _CODEC.decode(subject.encode(), line.encode(), headers)
    if BY_NAME[event.topic].writer != "outside":
        raise Invalid(
            f"{event.type} belongs to {event.topic}, which only {BY_NAME[event.topic].writer} "
            "writes; outside systems write desk.requests, desk.telemetry and desk.changes"
        )
    return _CODEC.encode(event)


async def _publish(messages: list[Message]) -> None:
    chosen = settings()
    publisher = KafkaPublisher(chosen.kafka, "desk-replay", chosen.topic_prefix)
    await publisher.start()
    try:
        for first in range(0, len(messages), _BATCH):
            await publisher.publish(messages[first : first + _BATCH])
    finally:
        await publisher.stop()
