"""Records of CSV: a row is used or refused; a quote that never closes costs its own row."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from desk_shared.errors import Invalid

from desk_metrics.history.record import LONGEST, Record
from desk_metrics.history.text import TOO_LONG, Line

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_CELL = 1_000_000
_HEADER_LINES = 100
_SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_NEVER_CLOSES = "a quote is opened in it and not closed as CSV wants it"


class _Unclosed(Exception):
    """A record takes so many lines that a quote must be missing."""


class _Lines:
    """Lines for the reader of `csv`, which remembers what the record at hand took of them."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self._size = 0
        self.taken: list[Line] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._size += len(line.text)
        if line.text is TOO_LONG or (len(self.taken) > 1 and self._size > _LONGEST_CELL):
            raise _Unclosed
        return line.text

    def begin(self) -> None:
        """The next record begins."""
        self.taken, self._size = [], 0

    def give_back(self, kept: int = 1) -> None:
        """All lines of the record but the first come again."""
        self._again.extendleft(reversed(self.taken[kept:]))
        del self.taken[kept:]

    def mended(self) -> str:
        return next((line.mended for line in self.taken if line.mended), "")


def csv_records(
    lines: Iterator[Line], path: Path, delimiter: str, on_header: Callable[[list[str]], None]
) -> Iterator[Record]:
    """Every record below the header."""
    csv.field_size_limit(_LONGEST_CELL)
    source = _Lines(lines)
    names, delimiter = _header(source, path, delimiter)
    on_header(names)
    values_of = _joining(names)
    rows = csv.reader(source, delimiter=delimiter, strict=True)
    row = 1
    while True:
        row += 1
        source.begin()
        broken = ""
        try:
            cells = next(rows, None)
        except (csv.Error, _Unclosed) as error:
            cells, broken = _mended(source, delimiter, error)
            rows = csv.reader(source, delimiter=delimiter, strict=True)
        if cells is None and not broken:
            return
        if cells == []:
            continue
        if cells is not None and len(cells) != len(names):
            broken = _fitted(cells, len(names))
        if broken or cells is None:
            yield Record(row, broken=f"{broken}{_place(source)}", mended=source.mended())
        else:
            yield Record(row, values_of(cells), mended=source.mended())


def _header(source: _Lines, path: Path, delimiter: str) -> tuple[list[str], str]:
    """The names of the columns and what parts them; a name's blanks and line ends become one."""
    while True:
        source.begin()
        head = _logical_line(source)
        if not head:
            raise Invalid(f"The file '{path}' is empty; export it again with a header line.")
        if given := _SEPARATOR.fullmatch(head):
            delimiter = given[1]
        elif head.strip():
            break
    bare = _QUOTED.sub("", head)
    chosen = delimiter or max(_DELIMITERS, key=bare.count)
    cells = next(csv.reader(head.splitlines(keepends=True), delimiter=chosen))
    names = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names, chosen


def _logical_line(source: _Lines) -> str:
    """The header with the line ends inside its quotes; empty at the end of the file."""
    head = ""
    try:
        for text in source:
            head += text
            if head.count('"') % 2 == 0:
                return head
            if len(source.taken) > _HEADER_LINES:
                break
    except _Unclosed:
        pass
    if source.taken and source.taken[0].text is TOO_LONG:
        raise Invalid(f"The header is longer than {LONGEST:,} bytes; this is no CSV of tickets.")
    source.give_back()
    return source.taken[0].text if source.taken else ""


def _mended(source: _Lines, delimiter: str, error: Exception) -> tuple[list[str] | None, str]:
    """The first line of a record that is no good CSV, by itself; the others are read anew."""
    is_one_line = len(source.taken) == 1
    source.give_back()
    text = source.taken[0].text
    if text is TOO_LONG:
        return None, f"is longer than {LONGEST:,} bytes"
    if not is_one_line or isinstance(error, _Unclosed):
        return None, _NEVER_CLOSES
    try:
        # A second line shows whether the first one was closed.
        cells, *after = csv.reader([text, "\n"], delimiter=delimiter)
    except csv.Error as cause:
        return None, f"not readable as CSV: {cause}"
    return (cells, "") if after else (None, _NEVER_CLOSES)


def _fitted(cells: list[str], width: int) -> str:
    """Empty fields beyond the header are none; any other number of fields is said."""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        del cells[width:]
        return ""
    return f"has {len(cells)} fields where the header has {width}"


def _place(source: _Lines) -> str:
    first, count = source.taken[0].number, len(source.taken)
    return f" (lines {first} to {first + count - 1})" if count > 1 else f" (line {first})"


def _joining(names: list[str]) -> Callable[[list[str]], dict[str, str]]:
    """Cells by name; a name that stands more than once has all its values, each once."""
    if len(set(names)) == len(names):
        return lambda cells: dict(zip(names, cells, strict=True))
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    repeated = {name: found for name, found in places.items() if len(found) > 1}

    def joined(cells: list[str]) -> dict[str, str]:
        values = dict(zip(names, cells, strict=True))
        for name, found in repeated.items():
            said = (cells[place].strip() for place in found)
            values[name] = ", ".join(dict.fromkeys(filter(None, said)))
        return values

    return joined
