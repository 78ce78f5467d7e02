"""Shared by tests: an index of similar tickets that has read everything."""

from collections.abc import Iterable

from desk_contracts import AnyEvent
from desk_contracts.names import TICKETS
from desk_platform.clock import Clock
from desk_platform.health import Health
from desk_platform.settings import KafkaSettings
from desk_platform.similar import IndexedTicket, IndexReader, TextIndex, follow_ticket
from desk_triage.similar.api import SimilarReads

from tests.support.scratch import make_scratch_folder


async def index_tickets(openings: Iterable[AnyEvent], clock: Clock) -> SimilarReads:
    """Of tickets that were just opened."""
    index = TextIndex(make_scratch_folder() / "tickets.index", IndexedTicket)
    await index.open("topic")
    tickets = [follow_ticket(None, opening) for opening in openings]
    await index.write([ticket for ticket in tickets if ticket is not None], {})
    reader = IndexReader(
        "similar tickets",
        TICKETS,
        KafkaSettings(bootstrap="nowhere:1"),
        index,
        follow_ticket,
        Health(clock),
    )
    reader.is_open = reader.is_complete = True
    return SimilarReads(index, reader)
