"""Finds a ticket in the log of tickets, by its id or by the code that people say."""

from contextlib import aclosing

from desk_contracts import AnyEvent
from desk_contracts.errors import Invalid
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.names import TICKETS
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import read_all

from desk_cli.options import settings


async def find_ticket_opening(ref: str) -> AnyEvent | None:
    """The event that opened the ticket of this id or code, as the log has it."""
    chosen = settings()
    decoder = RecordDecoder(prefix=chosen.topic_prefix)
    opened = TicketOpened.TYPE.encode()
    async with aclosing(read_all(chosen.kafka, [chosen.topic_prefix + TICKETS])) as records:
        async for raw in records:
            if dict(raw.headers).get("ce_type") != opened:
                continue
            try:
                event = decoder.read(raw)
            except Invalid:
                continue
            if isinstance(event.data, TicketOpened) and ref in (event.subject, event.data.code):
                return event
    return None
