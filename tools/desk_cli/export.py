"""`desk export --ocel`: the log of tickets, SLAs, problems, runs and changes for process mining.

What the log says is exported as it stands; people stand in it by their ids.
"""

import asyncio
from pathlib import Path
from typing import IO, Annotated

import typer
from desk_contracts.errors import Invalid
from desk_contracts.text import plain_line
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.terminal import say, say_json
from pydantic_core import to_json

from desk_cli.ocel import TOPICS, ObjectLog
from desk_cli.options import settings


def export(
    ocel: Annotated[Path, typer.Option(help="The OCEL 2.0 JSON file to write.")],
    json: Annotated[bool, typer.Option(help="What is in it, counted, as JSON.")] = False,
) -> None:
    """Write the log as objects and events that process-mining tools read (OCEL 2.0, JSON)."""
    if not ocel.parent.is_dir():
        raise Invalid(f"There is no folder '{ocel.parent}' to write to; create it first.")
    partial = ocel.with_name(f"{ocel.name}.partial")
    try:
        with partial.open("wb") as out:
            log, unreadable = asyncio.run(write(out))
        partial.replace(ocel)
    finally:
        partial.unlink(missing_ok=True)
    events, objects = log.events.total(), log.count_objects()
    if json:
        counts = {"events": log.events, "objects": objects, "unreadable": unreadable}
        say_json(to_json(counts).decode())
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(objects.items()))
    say(plain_line(f"Written to {ocel}: {events:,} events of {len(log.events)} types."))
    say(f"Objects: {kinds or 'none'}. Repeats left out: {log.repeats:,}.")
    if unreadable:
        say(f"{unreadable:,} records could not be read and are not in it; `desk audit` names them.")


async def write(out: IO[bytes]) -> tuple[ObjectLog, int]:
    """The whole file, and how many records were unreadable. Events go to it as they are read."""
    chosen, log, unreadable = settings(), ObjectLog(), 0
    door = RecordDecoder(prefix=chosen.topic_prefix)
    # The tickets' own topic must be there; of the others those that this desk has.
    there = await list_topic_names(chosen.kafka)
    tickets, *others = (chosen.topic_prefix + name for name in TOPICS)
    topics = [tickets, *(name for name in others if name in there)]
    separator = b'{"events":['
    async for raw in read_all(chosen.kafka, topics):
        try:
            event = log.add(door.read(raw))
        except Invalid:
            unreadable += 1
            continue
        if event is not None:
            out.write(separator + to_json(event))
            separator = b",\n"
    out.write((b"" if log.events else separator) + b'],\n"objects":[')
    for number, item in enumerate(log.list_objects()):
        out.write((b",\n" if number else b"") + to_json(item))
    out.write(b'],\n"objectTypes":' + to_json(log.list_object_types()))
    out.write(b',\n"eventTypes":' + to_json(log.list_event_types()) + b"}\n")
    return log, unreadable
