"""What says something alike, for whatever service asks: an index, its reader, and the search."""

from desk_platform.similar.index import TextIndex
from desk_platform.similar.indexed import (
    Audience,
    IndexedModel,
    TextQuery,
    Words,
    Written,
    place_in_time,
)
from desk_platform.similar.model import IndexedTicket, follow_ticket
from desk_platform.similar.reader import Followed, IndexReader
from desk_platform.similar.search import Draft, Hit, find_alike, find_similar, read_query

__all__ = [
    "Audience",
    "Draft",
    "Followed",
    "Hit",
    "IndexReader",
    "IndexedModel",
    "IndexedTicket",
    "TextIndex",
    "TextQuery",
    "Words",
    "Written",
    "find_alike",
    "find_similar",
    "follow_ticket",
    "place_in_time",
    "read_query",
]
