"""What says something alike, for whatever service asks: an index, its reader, and the search."""

from desk_platform.similar.index import IndexedModel, TextIndex, Written
from desk_platform.similar.model import IndexedTicket, follow_ticket
from desk_platform.similar.reader import IndexReader
from desk_platform.similar.search import Draft, Hit, find_alike, find_similar

__all__ = [
    "Draft",
    "Hit",
    "IndexReader",
    "IndexedModel",
    "IndexedTicket",
    "TextIndex",
    "Written",
    "find_alike",
    "find_similar",
    "follow_ticket",
]
