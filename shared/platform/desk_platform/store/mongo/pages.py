"""Pages of a listing as queries of a MongoDB-wire server."""

from typing import cast

from desk_platform.store.listings import Facets
from desk_platform.store.mongo.driver import ASCENDING, Row

# A query and its order.
Paged = tuple[dict[str, object], list[tuple[str, int]]]


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
