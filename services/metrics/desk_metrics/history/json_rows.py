"""Records of JSON: lines, or a list that may be larger than memory, one item at a time.

A list is cut at its items' brackets as bytes, so no character is ever split, and an item that is
not JSON is refused by itself.
"""

import json
import re
from collections.abc import Iterator, Sequence

from desk_shared.errors import Invalid

from desk_metrics.history.record import LONGEST, Record
from desk_metrics.history.text import REPLACED, TOO_LONG, Line, mended, whole

# A string, its closing quote in the group if it has come; or a bracket.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("?)|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb'(?:"[^"\\]*(?:\\.[^"\\]*)*"|[^,\]"])+', re.DOTALL)
_BETWEEN = re.compile(rb"[}\]]\s*,\s*(?=\{)")
_BLANK = b" \t\r\n,"
_CLOSES = {b"]": ord("["), b"}": ord("{")}
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_DEEPEST = 20
# What people read of a reference to something else, such as a team or a person.
_SAID = ("display_value", "displayName", "name", "value")
_DEEP = "nested too deeply"


def json_lines(lines: Iterator[Line]) -> Iterator[Record]:
    """A record in each line that is not blank."""
    for line in lines:
        if line.text is TOO_LONG:
            yield Record(line.number, broken=f"is longer than {LONGEST:,} bytes")
        elif line.text.strip():
            yield _record(line.number, line.text, line.mended)


def json_list(chunks: Iterator[bytes], names: Sequence[str]) -> Iterator[Record]:
    """The items of every list in the file: the file's own, or those under one of the names."""
    items = _Items(chunks)
    if not items.enter(names):
        named = " or ".join(f"'{name}'" for name in names)
        kind = f"list {named}" if named else "list"
        raise Invalid(
            f"The JSON has no {kind} of records; name its key as 'records' in the mapping."
        )
    row = 0
    while True:
        for text, broken in items:
            row += 1
            yield _record(row, *mended(text)) if text else Record(row, broken=broken)
        if not items.enter(names):
            break
    if items.rest:
        yield Record(row + 1, broken="what stands after the list was not read")


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
        found = None
        while found is None and len(self._buffer) < LONGEST:
            found = re.match(opening, self._buffer, re.DOTALL)
            if found is None and not self._more():
                break
        if found is not None:
            self._buffer = self._buffer[found.end() :]
        return found is not None

    @property
    def rest(self) -> bool:
        """Whether something that could be a record is left."""
        return self._buffer.lstrip()[:1] in {b"{", b"["}

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        """Each item, or none and why."""
        while True:
            first = self._first()
            if first == b"]" and self._is_lost:
                self._buffer = self._buffer[1:]
                continue
            if first == b"]":
                self._buffer = self._buffer[1:]
                return
            if not first:
                if not self._is_lost:
                    yield b"", "the list breaks off here; nothing after it was read"
                return
            yield self._bracketed() if first in b"[{" else self._scalar()

    def _first(self) -> bytes:
        while not (buffer := self._buffer.lstrip(_BLANK)) and self._more():
            pass
        self._buffer = buffer
        return buffer[:1]

    def _bracketed(self) -> tuple[bytes, str]:
        still_open, place = bytearray(), 0
        while True:
            place, is_over = _closing(self._buffer, still_open, place)
            if is_over:
                return self._cut(place), ""
            if place < 0:
                return self._lost("not JSON: a bracket is closed in it that was not opened")
            if len(self._buffer) > LONGEST:
                return self._lost(f"is longer than {LONGEST:,} bytes, or a quote is missing in it")
            if not self._more():
                return self._lost("not JSON: a bracket or a quote is opened in it and never closed")

    def _scalar(self) -> tuple[bytes, str]:
        while True:
            found = _SCALAR.match(self._buffer)
            if found and found.end() < len(self._buffer):
                return self._cut(found.end()), ""
            if len(self._buffer) > LONGEST or not self._more():
                return self._lost("not JSON")

    def _cut(self, end: int) -> bytes:
        text, self._buffer = self._buffer[:end], self._buffer[end:]
        return text

    def _lost(self, reason: str) -> tuple[bytes, str]:
        """Go to where the next item seems to begin; from here a bracket may be anybody's."""
        self._is_lost = True
        while not (found := _BETWEEN.search(self._buffer, 1)):
            self._buffer = self._buffer[-100:]
            if not self._more():
                self._buffer = b""
                return b"", reason
        self._buffer = self._buffer[found.end() :]
        return b"", reason

    def _more(self) -> bool:
        chunk = next(self._chunks, b"")
        self._buffer += chunk
        return bool(chunk)


def _closing(buffer: bytes, still_open: bytearray, place: int) -> tuple[int, bool]:
    """How far whole tokens lead, -1 where brackets do not match; and if the item ends there."""
    for found in _TOKEN.finditer(buffer, place):
        token = found[0][:1]
        if token == b'"':
            if not found[1]:
                break
        elif token in _CLOSES:
            if still_open.pop() != _CLOSES[token]:
                return -1, False
        else:
            still_open += token
        place = found.end()
        if not still_open:
            return place, True
    return place, False


def _record(row: int, text: str, mended: str) -> Record:
    try:
        item = json.loads(text)
    except ValueError as error:
        return Record(row, broken=f"not JSON: {error}", mended=mended)
    except RecursionError:
        return Record(row, broken=f"not JSON: {_DEEP}", mended=mended)
    if not isinstance(item, dict):
        return Record(row, broken="not a JSON object", mended=mended)
    values: dict[str, str] = {}
    _flatten(item, "", values, 0)
    if _HALF.search(text):
        whole_values = {whole(name): whole(value) for name, value in values.items()}
        mended = mended or (REPLACED if whole_values != values else "")
        values = whole_values
    return Record(row, values, mended=mended)


def _flatten(item: object, name: str, values: dict[str, str], depth: int) -> None:
    """Inner objects by dotted names, lists joined by commas, null as no text at all."""
    if depth > _DEEPEST:
        return
    if isinstance(item, dict):
        for key, value in item.items():
            _flatten(value, f"{name}.{key}" if name else str(key), values, depth + 1)
        _refer(item, name, values)
    elif isinstance(item, list):
        values.setdefault(name, "")
        for one in item:
            _flatten(one, name, values, depth + 1)
    elif item is not None:
        said = str(item).lower() if isinstance(item, bool) else str(item)
        before = values.get(name)
        values[name] = f"{before}, {said}" if before else said


def _refer(item: dict[str, object], name: str, values: dict[str, str]) -> None:
    """A reference is known by what people read of it, if nothing else has its name."""
    said = next((value for key in _SAID if isinstance(value := item.get(key), str | int)), None)
    if name and said is not None and said != "":
        before = values.get(name)
        values[name] = f"{before}, {said}" if before else str(said)
