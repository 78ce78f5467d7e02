"""Similar tickets, for whatever service asks: the index, its reader, and the search."""

from desk_platform.similar.index import TicketIndex
from desk_platform.similar.model import IndexedTicket
from desk_platform.similar.reader import IndexReader
from desk_platform.similar.search import SimilarTicket, find_similar

__all__ = [
    "IndexReader",
    "IndexedTicket",
    "SimilarTicket",
    "TicketIndex",
    "find_similar",
]
