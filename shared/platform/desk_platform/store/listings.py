"""Listings: what is read of each document, and where the next page begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, cast

from desk_platform.store.document import S
from desk_platform.store.driver import ASCENDING, Row

Facets = Mapping[str, object]
# A query and its order.
Paged = tuple[dict[str, object], list[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Listed(Generic[S]):
    """A document as a listing has it: where it stands, and its state unless that cannot be read.

    One that cannot be read keeps its place, so that a page never ends early because of it.
    """

    id: str
    sort: object
    state: S | None


def place_of(row: Row, order: str) -> object:
    """By what the row is sorted."""
    return row["_id"] if order == "_id" else cast(Facets, row.get("facets", {})).get(order)


def make_page_query(facets: Facets, order: str, after: tuple[object, str] | None) -> Paged:
    """The query and the order of a page from behind `after`."""
    path = order if order == "_id" else f"facets.{order}"
    query: dict[str, object] = {f"facets.{name}": value for name, value in facets.items()}
    if after is not None:
        value, last = after
        query["$or"] = [{path: {"$gt": value}}, {path: value, "_id": {"$gt": last}}]
    by_id = [("_id", ASCENDING)]
    return query, by_id if path == "_id" else [(path, ASCENDING), *by_id]
