"""Records of an export file, one at a time: CSV, JSON Lines or a JSON list, plain or gzipped.

Nothing here is kept beyond one record.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from desk_shared.errors import NotFound

from desk_metrics.history.containers import DAMAGED, Bounds, opened
from desk_metrics.history.csv_rows import csv_records
from desk_metrics.history.json_rows import json_lines, json_list
from desk_metrics.history.mapping import Mapping
from desk_metrics.history.record import Record
from desk_metrics.history.text import lines, utf8

_LINES = (".jsonl", ".ndjson")
_LIST_AT = re.compile(rb"\s*\[\s*(\{|\]|\Z)")
_OBJECT_AT = re.compile(rb'\s*\{\s*("|\}|\Z)')


def read_records(
    path: Path,
    mapping: Mapping,
    bounds: Bounds = Bounds(),  # noqa: B008 (frozen)
    on_header: Callable[[list[str]], None] = lambda _names: None,
) -> Iterator[Record]:
    """Every record of the file, good and broken, in the order of the file.

    `on_header` hears the columns of a CSV before its first record.
    """
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'.")
    row = 0
    try:
        with opened(path, bounds) as chunks:
            for record in _records(path, utf8(chunks, mapping.encoding), mapping, on_header):
                row = record.row
                yield record
    except DAMAGED as error:
        yield Record(row + 1, broken=f"the gzipped file is cut off or damaged: {error}")


def _records(
    path: Path,
    chunks: Iterator[bytes],
    mapping: Mapping,
    on_header: Callable[[list[str]], None],
) -> Iterator[Record]:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_LINES):
        return json_lines(lines(chunks))
    head = next(chunks, b"")
    chunks = chain([head], chunks)
    if _OBJECT_AT.match(head) and _is_lines(head, mapping.record_keys):
        return json_lines(lines(chunks))
    if name.endswith(".json") or _LIST_AT.match(head) or _OBJECT_AT.match(head):
        return json_list(chunks, mapping.record_keys)
    return csv_records(lines(chunks), path, mapping.delimiter, on_header)


def _is_lines(head: bytes, keys: tuple[str, ...]) -> bool:
    """Objects, one a line, whatever the file is called; not one object around a list."""
    if any(json.dumps(key).encode() in head for key in keys):
        return False
    first, *others = head.lstrip().splitlines()
    if not any(line.lstrip().startswith(b"{") for line in others):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
