"""Records of an export file, one at a time: CSV, JSON Lines or a JSON list, plain or gzipped.

Text is UTF-8, with or without a mark at its start, or UTF-16 with one; a line that is not UTF-8 is
read as Windows-1252 and said so. Nothing here is kept beyond one record.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, cast

from desk_shared.errors import Invalid, NotFound

from desk_metrics.history.mapping import Mapping

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST = 1_000_000
_CHUNK = 1 << 16
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLANK = " \t\r\n,"


@dataclass(slots=True)
class Record:
    """A record's texts by column; `row` counts as a spreadsheet does: a CSV's header is row 1."""

    row: int
    values: dict[str, str] = field(default_factory=dict)
    broken: str = ""
    mended: str = ""


def read_records(path: Path, mapping: Mapping) -> Iterator[Record]:
    """Every record of the file, good and broken, in the order of the file."""
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'.")
    csv.field_size_limit(_LONGEST)
    with _opened(path) as stream:
        lines = _Lines(stream)
        name = path.name.removesuffix(".gz")
        try:
            if name.endswith((".jsonl", ".ndjson")):
                yield from _json_lines(lines)
            elif name.endswith(".json"):
                yield from _json_list(lines, mapping.records)
            else:
                yield from _csv(lines, path, mapping.delimiter)
        except (EOFError, gzip.BadGzipFile) as error:
            yield Record(
                lines.number + 1, broken=f"the gzipped file is cut off or damaged: {error}"
            )


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    with path.open("rb") as raw:
        if raw.peek(2)[:2] != b"\x1f\x8b":
            yield raw
            return
        with gzip.open(raw) as unpacked:
            yield BufferedReader(cast("BinaryIO", unpacked), _CHUNK)  # type: ignore[arg-type]


class _Lines:
    """Lines as text; `mended` says what had to be done to the lines since it was last asked."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._mended = ""
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        if self._stream.peek(2)[:2] in _UTF16:
            text = TextIOWrapper(self._stream, encoding="utf-16", newline="")
            yield from text
            text.detach()  # the file is closed by whoever opened it
            return
        while line := self._stream.readline(_LONGEST):
            self.number += 1
            if self.number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            yield self._text(line)

    def mended(self) -> str:
        said, self._mended = self._mended, ""
        return said

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self._mended = "not UTF-8; read as Windows-1252"
            text = line.decode("cp1252", errors="replace")
            if "\N{REPLACEMENT CHARACTER}" in text:
                self._mended += ", and some of its characters are not that either"
            return text


def _csv(lines: _Lines, path: Path, delimiter: str) -> Iterator[Record]:
    texts = iter(lines)
    head = next(texts, "")
    if not head.strip():
        raise Invalid(f"The file '{path}' is empty; export it again with a header line.")
    chosen = delimiter or max(_DELIMITERS, key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=chosen))]
    rows = csv.reader(texts, delimiter=chosen)
    row = 1
    lines.mended()
    while True:
        row += 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Record(row, broken=f"not readable as CSV: {error}")
            continue
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(names):
            reason = f"has {len(cells)} fields where the header has {len(names)}"
            yield Record(row, broken=reason, mended=lines.mended())
        else:
            yield Record(row, dict(zip(names, cells, strict=True)), mended=lines.mended())


def _json_lines(lines: _Lines) -> Iterator[Record]:
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _flat(row, json.loads(line), lines.mended())
        except (ValueError, RecursionError) as error:
            yield Record(row, broken=f"not JSON: {error}", mended=lines.mended())


def _json_list(lines: _Lines, records: str) -> Iterator[Record]:
    """The items of a list that may be larger than memory: only one of them is held."""
    texts = iter(lines)
    buffer = _list_start(texts, records)
    decoder = json.JSONDecoder()
    row = 0
    while True:
        buffer = buffer.lstrip(_BLANK)
        if buffer.startswith("]"):
            return
        try:
            item, end = decoder.raw_decode(buffer)
        except (ValueError, RecursionError) as error:
            more = next(texts, "")
            if not more or len(buffer) > _LONGEST:
                broken = f"not JSON, so nothing after it was read: {error}"
                yield Record(row + 1, broken=broken, mended=lines.mended())
                return
            buffer += more
            continue
        row += 1
        buffer = buffer[end:]
        yield _flat(row, item, lines.mended())


def _list_start(texts: Iterator[str], records: str) -> str:
    """The text after the bracket that opens the list."""
    opening = re.compile(rf'"{re.escape(records)}"\s*:\s*\[' if records else r"^\s*\[")
    buffer = ""
    for text in texts:
        buffer += text
        if found := opening.search(buffer):
            return buffer[found.end() :]
        if len(buffer) > _LONGEST:
            break
    name = f"list '{records}'" if records else "list"
    raise Invalid(f"The JSON has no {name} of records; name its key as 'records' in the mapping.")


def _flat(row: int, item: object, mended: str) -> Record:
    if not isinstance(item, dict):
        return Record(row, broken="not a JSON object", mended=mended)
    values: dict[str, str] = {}
    _flatten(item, "", values)
    return Record(row, values, mended=mended)


def _flatten(item: object, name: str, values: dict[str, str]) -> None:
    """Inner objects by dotted names, lists joined by commas, null as no text at all."""
    if isinstance(item, dict):
        for key, value in item.items():
            _flatten(value, f"{name}.{key}" if name else str(key), values)
    elif isinstance(item, list):
        values[name] = ", ".join(str(one) for one in item if not isinstance(one, dict | list))
    elif item is not None:
        values[name] = str(item).lower() if isinstance(item, bool) else str(item)
