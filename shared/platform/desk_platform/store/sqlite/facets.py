"""Facets as JSON: what a query compares, and what an index is made of.

A moment becomes a text that sorts as it does. It begins with `@`, so any other text that begins so
gets one more.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from desk_platform.store.listings import Facets

_NAME = re.compile(r"\w+")
_MARK = "@"


def path_of(name: str) -> str:
    """A facet in a statement; the same text in queries and indexes, or no index would serve."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is no name of a facet")
    return f"json_extract(facets, '$.{name}')"


def to_sql(value: object) -> object:
    """A value as `json_extract` answers it."""
    if isinstance(value, datetime):
        return _MARK + value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, str) and value.startswith(_MARK):
        return _MARK + value
    return value


def write_facets(facets: Facets) -> str | None:
    """As a row keeps them; None for none."""
    if not facets:
        return None
    return json.dumps({name: to_sql(value) for name, value in facets.items()})


def read_facets(text: str | None) -> Facets:
    """Back from a row."""
    kept: Mapping[str, object] = json.loads(text) if text else {}
    read = dict(kept)
    for name, value in kept.items():
        if isinstance(value, str) and value.startswith(_MARK):
            text = value.removeprefix(_MARK)
            read[name] = text if text.startswith(_MARK) else datetime.fromisoformat(text)
    return read
