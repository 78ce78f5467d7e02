"""`desk replay FILE`: publishes CloudEvents in JSON Lines from outside systems."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from desk_contracts import Codec, Message
from desk_contracts.errors import Invalid
from desk_contracts.event_parser import is_open
from desk_contracts.json_values import read_object
from desk_contracts.text import plain_line
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.terminal import say

from desk_cli.options import settings

_CODEC = Codec()
_HEADERS = (("content-type", b"application/cloudevents+json"),)
_BATCH = 500


def replay(
    file: Annotated[
        Path, typer.Argument(help="CloudEvents, one JSON object per line; - is stdin.")
    ],
    dry_run: Annotated[bool, typer.Option(help="Only check the file.")] = False,
) -> None:
    """Publish events of outside systems: requests, telemetry, changes. Ids are kept, so a
    second replay of the same file makes nothing twice."""
    chosen, (good, problems) = settings(), _read(file)

    async def publish() -> None:
        publisher = KafkaPublisher(chosen.kafka, "desk-replay", chosen.topic_prefix)
        async with publisher:
            for first in range(0, len(good), _BATCH):
                await publisher.publish(good[first : first + _BATCH])

    for problem in problems:
        say(plain_line(problem))
    if not dry_run:
        asyncio.run(publish())
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


def _lines(file: Path) -> Iterator[bytes]:
    if str(file) == "-":
        yield from typer.get_binary_stream("stdin")
        return
    if not file.is_file():
        raise Invalid(f"There is no file '{file}'.")
    with file.open("rb") as stream:
        yield from stream


def _message(line: bytes) -> Message:
    document, _ = read_object(line)
    subject = document.get("subject")
    if not isinstance(subject, str) or not subject:
        raise Invalid("the event has no subject; it becomes the record's key")
    event = _CODEC.decode(subject.encode(errors="replace"), line, _HEADERS, datetime.now(UTC))
    if not is_open(type(event.data)):
        raise Invalid(
            f"{event.type} belongs to {event.topic}, which only the desk itself writes; outside "
            "systems write desk.requests, desk.telemetry and desk.changes"
        )
    # What its readers make fit is published as it is: so they know that they did.
    if event.amended:
        return Message(event.topic, event.subject.encode(), line.strip(), _HEADERS)
    return _CODEC.encode(event)
