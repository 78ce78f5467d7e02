"""Records of JSON: lines, or a list that may be larger than memory, one item at a time.

A list is cut at its items' brackets as bytes, so no character is ever split, and an item that is
not JSON is refused by itself.
"""

import json
import re
from collections.abc import Iterator, Sequence

from desk_contracts.errors import Invalid
from desk_contracts.message import Message

from desk_metrics.history.exports.model import Export, ExportRecord
from desk_metrics.history.exports.text import (
    LONGEST,
    REPLACED,
    TOO_LONG,
    decode_line,
    join_halves,
    split_lines,
)

_LINES = (".jsonl", ".ndjson")
_LIST_AT = re.compile(rb"\s*\[\s*(\{|\]|\Z)")
_OBJECT_AT = re.compile(rb'\s*\{\s*("|\}|\Z)')
# A string, its closing quote in the group if it has come; or a bracket.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("?)|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb'(?:"[^"\\]*(?:\\.[^"\\]*)*"|[^,\]"])+', re.DOTALL)
_BETWEEN = re.compile(rb"[}\]]\s*,\s*(?=\{)")
_BLANK = b" \t\r\n,"
_CLOSES = {b"]": ord("["), b"}": ord("{")}
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_DEEPEST = 20
# What people read of a reference to something else, such as a team or a person.
_READ = ("display_value", "displayName", "name", "value")
_DEEP = "nested too deeply"


class JsonLines:
    """A record in each line that is not blank."""

    def can_read(self, head: bytes, export: Export) -> bool:
        """By its name; or there are objects, one a line, and not one object around a list."""
        if export.name.endswith(_LINES):
            return True
        keys = export.mapping.record_keys
        if not _OBJECT_AT.match(head) or any(json.dumps(key).encode() in head for key in keys):
            return False
        first, *others = head.lstrip().splitlines()
        if not any(line.lstrip().startswith(b"{") for line in others):
            return False
        try:
            return isinstance(json.loads(first), dict)
        except (ValueError, RecursionError):
            return False

    def read(self, chunks: Iterator[bytes], _export: Export) -> Iterator[ExportRecord]:
        """Every line's record; its row is the line's number."""
        for line in split_lines(chunks):
            if line.text is TOO_LONG:
                yield ExportRecord(line.number, broken=f"is longer than {LONGEST:,} bytes")
            elif line.text.strip():
                yield _read_record(line.number, line.text, line.mended)


class JsonList:
    """The items of every list in the file: its own, or those under a key of the mapping."""

    def can_read(self, head: bytes, export: Export) -> bool:
        """By its name, or where it begins with a list or an object."""
        return bool(export.name.endswith(".json") or _LIST_AT.match(head) or _OBJECT_AT.match(head))

    def read(self, chunks: Iterator[bytes], export: Export) -> Iterator[ExportRecord]:
        """Every item's record, numbered from 1."""
        items, keys = _Items(chunks), export.mapping.record_keys
        if not items.enter(keys):
            named = " or ".join(f"'{name}'" for name in keys)
            kind = f"list {named}" if named else "list"
            raise Invalid(
                f"The JSON has no {kind} of records; name its key as 'records' in the mapping."
            )
        row = 0
        while True:
            for text, reason in items:
                row += 1
                yield (
                    _read_record(row, *decode_line(text))
                    if text
                    else ExportRecord(row, broken=reason)
                )
            if not items.enter(keys):
                break
        if items.has_rest:
            yield ExportRecord(row + 1, broken="what stands after the list was not read")


class _Items:
    """The items of a list, cut at their own brackets. Only one of them is held."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._is_lost = False

    def enter(self, names: Sequence[str]) -> bool:
        """Go behind the bracket that opens the next list, if there is one."""
        keys = b"|".join(re.escape(json.dumps(name).encode()) for name in names)
        opening = rb"\s*\[|.*?(?:" + keys + rb")\s*:\s*\[" if names else rb"\s*\["
        match = None
        while match is None and len(self._buffer) < LONGEST:
            match = re.match(opening, self._buffer, re.DOTALL)
            if match is None and not self._read_more():
                break
        if match is not None:
            self._buffer = self._buffer[match.end() :]
        return match is not None

    @property
    def has_rest(self) -> bool:
        """Whether something that could be a record is left."""
        return self._buffer.lstrip()[:1] in {b"{", b"["}

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        """Each item, or none and why."""
        while True:
            while not (buffer := self._buffer.lstrip(_BLANK)) and self._read_more():
                pass
            self._buffer = buffer
            match buffer[:1]:
                case b"]":
                    self._buffer = buffer[1:]
                    if not self._is_lost:
                        return
                case b"":
                    if not self._is_lost:
                        yield b"", "the list breaks off here; nothing after it was read"
                    return
                case b"[" | b"{":
                    yield self._cut_bracketed()
                case _:
                    yield self._cut_scalar()

    def _cut_bracketed(self) -> tuple[bytes, str]:
        still_open, place = bytearray(), 0
        while True:
            place, is_over = _find_end(self._buffer, still_open, place)
            if is_over:
                return self._cut(place), ""
            if place < 0:
                return self._skip("not JSON: a bracket is closed in it that was not opened")
            if len(self._buffer) > LONGEST:
                return self._skip(f"is longer than {LONGEST:,} bytes, or a quote is missing in it")
            if not self._read_more():
                return self._skip("not JSON: a bracket or a quote is opened in it and never closed")

    def _cut_scalar(self) -> tuple[bytes, str]:
        while True:
            match = _SCALAR.match(self._buffer)
            if match and match.end() < len(self._buffer):
                return self._cut(match.end()), ""
            if len(self._buffer) > LONGEST or not self._read_more():
                return self._skip("not JSON")

    def _cut(self, end: int) -> bytes:
        text, self._buffer = self._buffer[:end], self._buffer[end:]
        return text

    def _skip(self, reason: str) -> tuple[bytes, str]:
        """Go to where the next item seems to begin; from here a bracket may be anybody's."""
        self._is_lost = True
        while not (match := _BETWEEN.search(self._buffer, 1)):
            self._buffer = self._buffer[-100:]
            if not self._read_more():
                self._buffer = b""
                return b"", reason
        self._buffer = self._buffer[match.end() :]
        return b"", reason

    def _read_more(self) -> bool:
        chunk = next(self._chunks, b"")
        self._buffer += chunk
        return bool(chunk)


def _find_end(buffer: bytes, still_open: bytearray, place: int) -> tuple[int, bool]:
    """How far whole tokens lead, -1 where brackets do not match; and if the item ends there."""
    for match in _TOKEN.finditer(buffer, place):
        token = match[0][:1]
        if token == b'"':
            if not match[1]:
                break
        elif token in _CLOSES:
            if still_open.pop() != _CLOSES[token]:
                return -1, False
        else:
            still_open += token
        place = match.end()
        if not still_open:
            return place, True
    return place, False


def _read_record(row: int, text: str, mended: Message | None) -> ExportRecord:
    try:
        item = json.loads(text)
    except ValueError as error:
        return ExportRecord(row, broken=f"not JSON: {error}", mended=mended)
    except RecursionError:
        return ExportRecord(row, broken=f"not JSON: {_DEEP}", mended=mended)
    if not isinstance(item, dict):
        return ExportRecord(row, broken="not a JSON object", mended=mended)
    values: dict[str, str] = {}
    _flatten(item, "", values, 0)
    if _HALF.search(text):
        joined = {join_halves(name): join_halves(text) for name, text in values.items()}
        mended = mended or (REPLACED if joined != values else None)
        values = joined
    return ExportRecord(row, values, mended=mended)


def _flatten(item: object, name: str, values: dict[str, str], depth: int) -> None:
    """Inner objects by dotted names, lists joined by commas, null as no text at all.

    A reference is also known by what people read of it, if nothing else has its name.
    """
    if depth > _DEEPEST:
        return
    text: object = None
    if isinstance(item, dict):
        for key, value in item.items():
            _flatten(value, f"{name}.{key}" if name else str(key), values, depth + 1)
        if name:
            read = (value for key in _READ if isinstance(value := item.get(key), str | int))
            text = None if (shown := next(read, "")) == "" else shown
    elif isinstance(item, list):
        values.setdefault(name, "")
        for element in item:
            _flatten(element, name, values, depth + 1)
    else:
        text = str(item).lower() if isinstance(item, bool) else item
    if text is not None:
        before = values.get(name)
        values[name] = f"{before}, {text}" if before else str(text)
