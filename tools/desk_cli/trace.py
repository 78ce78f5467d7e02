"""`desk trace`: a ticket's whole way over all topics, merged by time, with each hop's delay."""

import asyncio
from typing import Annotated

import typer
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.ids import read_ticket_ref
from desk_contracts.names import TICKETS
from desk_contracts.topics import DEAD, RETRY, is_private
from desk_platform.kafka.deserializer import RecordDecoder
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
    table = TextTable("time (UTC)", "after its cause", "topic", "event")
    for hop in hops:
        table.add_line(
            f"{hop.event.time:%Y-%m-%d %H:%M:%S.%f}"[:-3], _delay(hop), hop.event.topic,
            Text(line_of(hop.event)),
        )  # fmt: skip
    show(table)
    topics = {hop.event.topic for hop in hops}
    took = hops[-1].event.time - hops[0].event.time
    say(f"{len(hops)} events on {len(topics)} topics in {took.total_seconds():.3f} s.")


def _delay(hop: Hop) -> str:
    if hop.delay is None or hop.cause is None:
        return "-"
    name = hop.cause.type.removeprefix("desk.").rpartition(".v")[0]
    return f"{hop.delay.total_seconds():+.3f} s, {name}"


async def _trace(ref: str) -> list[Hop]:
    chosen = settings()
    opening = await find_ticket_opening(ref)
    if opening is None:
        raise NotFound(f"No ticket {ref} is in {TICKETS}; `desk tail {TICKETS} --from-start`.")
    trail = TicketTrail(opening.subject, (opening.correlation_id, opening.causation_id, opening.id))
    decoder, prefix = RecordDecoder(prefix=chosen.topic_prefix), chosen.topic_prefix
    names = [name for name in await list_topic_names(chosen.kafka) if _is_read(name, prefix)]
    async for raw in read_all(chosen.kafka, sorted(names)):
        try:
            trail.add(decoder.read(raw))
        except Invalid:
            continue  # what is no event is nothing that was said of a ticket
    return trail.hops()


def _is_read(name: str, prefix: str) -> bool:
    plain = name.removeprefix(prefix)
    is_ours = name.startswith(f"{prefix}desk.") and not is_private(plain)
    return is_ours and not plain.endswith((RETRY, DEAD))
