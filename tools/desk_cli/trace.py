"""`desk trace`: a ticket's whole way over all topics, merged by time, with each hop's delay."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.ids import read_ticket_ref
from desk_contracts.names import TICKETS
from desk_contracts.topics import DEAD, RETRY, is_private
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import time_of
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.terminal import say
from rich.text import Text

from desk_cli.options import settings
from desk_cli.screen import TextTable, show
from desk_cli.tail import line_of
from desk_cli.ticket_log import find_ticket_opening
from desk_cli.tracing import Hop, TicketTrail


def trace(
    ticket: Annotated[str, typer.Argument(help="A ticket's code or id.")],
) -> None:
    """Everything that was said of a ticket on any topic, by time, and how long each hop took.

    Reads the desk's topics from the first record on: seconds on a laptop, minutes where millions
    are kept.
    """
    hops = asyncio.run(_trace(read_ticket_ref(ticket)))
    table = TextTable("written (UTC)", "after its cause", "topic", "event")
    for hop in hops:
        table.add_line(
            f"{hop.written:%Y-%m-%d %H:%M:%S.%f}"[:-3], hop.delay_text, hop.event.topic,
            Text(line_of(hop.event)),
        )  # fmt: skip
    show(table)
    topics = {hop.event.topic for hop in hops}
    took = hops[-1].written - hops[0].written
    say(f"{len(hops)} events on {len(topics)} topics in {took.total_seconds():.3f} s.")


async def _trace(ref: str) -> list[Hop]:
    chosen = settings()
    opening = await find_ticket_opening(ref)
    if opening is None:
        raise NotFound(f"No ticket {ref} is in {TICKETS}; `desk tail {TICKETS} --from-start`.")
    trail = TicketTrail(opening.subject, (opening.correlation_id, opening.causation_id, opening.id))
    decoder, prefix = RecordDecoder(prefix=chosen.topic_prefix), chosen.topic_prefix
    names = [
        name
        for name in await list_topic_names(chosen.kafka)
        if name.startswith(f"{prefix}desk.")
        and not name.endswith((RETRY, DEAD))
        and not is_private(name.removeprefix(prefix))
    ]
    async for raw in read_all(chosen.kafka, sorted(names)):
        try:
            event = decoder.read(raw)
        except Invalid:
            continue  # what is no event is nothing that was said of a ticket
        trail.add(event, datetime.fromtimestamp(time_of(raw) / 1000, UTC))
    return trail.hops()
