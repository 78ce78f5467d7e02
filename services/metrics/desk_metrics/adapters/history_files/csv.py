"""Records of CSV: a row is used or refused; a quote that never closes costs its own row."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator

from desk_contracts.errors import Invalid
from desk_contracts.message import Message

from desk_metrics.history.exports.model import Export, ExportRecord
from desk_metrics.history.exports.text import LONGEST, TOO_LONG, TextLine, split_lines

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_FIELD = 1_000_000
_HEADER_LINES = 100
_SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_NEVER_CLOSES = "a quote is opened in it and not closed as CSV wants it"


class Csv:
    """The kind of files that spreadsheets write, whatever parts their fields."""

    def can_read(self, _head: bytes, _export: Export) -> bool:
        """Any text can be read as a table; a wrong header is refused with what is missing in it."""
        return True

    def read(self, chunks: Iterator[bytes], export: Export) -> Iterator[ExportRecord]:
        """Every record below the header."""
        csv.field_size_limit(_LONGEST_FIELD)
        source = _Lines(split_lines(chunks))
        names, delimiter = _read_header(source, export)
        export.on_header(names)
        values_of, width = _join_columns(names), len(names)
        for row, (fields, broken) in enumerate(_read_rows(source, delimiter), 2):
            if not fields and not broken:
                continue
            # Empty fields beyond the header are none.
            if not any(field.strip() for field in fields[width:]):
                del fields[width:]
            reason = broken
            if not broken and len(fields) != width:
                reason = f"has {len(fields)} fields where the header has {width}"
            if reason:
                first, count = source.taken[0].number, len(source.taken)
                lines = f"lines {first} to {first + count - 1}" if count > 1 else f"line {first}"
                yield ExportRecord(row, broken=f"{reason} ({lines})", mended=source.mended)
            else:
                yield ExportRecord(row, values_of(fields), mended=source.mended)


class _Unclosed(Exception):
    """A record takes so many lines that a quote must be missing."""


class _Lines:
    """Lines for the reader of `csv`, which remembers what the record at hand took of them."""

    def __init__(self, lines: Iterator[TextLine]) -> None:
        self._lines = lines
        self._again: deque[TextLine] = deque()
        self._size = 0
        self.taken: list[TextLine] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._size += len(line.text)
        if line.text is TOO_LONG or (len(self.taken) > 1 and self._size > _LONGEST_FIELD):
            raise _Unclosed
        return line.text

    @property
    def mended(self) -> Message | None:
        return next((line.mended for line in self.taken if line.mended), None)

    def begin(self) -> None:
        """The next record begins."""
        self.taken, self._size = [], 0

    def give_back(self) -> None:
        """All lines of the record but the first come again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _read_header(source: _Lines, export: Export) -> tuple[list[str], str]:
    """The names of the columns and what parts them; a name's blanks and line ends become one."""
    delimiter = export.mapping.delimiter
    while True:
        source.begin()
        head = _join_lines(source)
        if not head:
            raise Invalid(f"The file '{export.path}' is empty; export it again with a header line.")
        if separator := _SEPARATOR.fullmatch(head):
            delimiter = separator[1]
        elif head.strip():
            break
    bare = _QUOTED.sub("", head)
    delimiter = delimiter or max(_DELIMITERS, key=bare.count)
    fields = next(csv.reader(head.splitlines(keepends=True), delimiter=delimiter))
    names = [" ".join(field.replace("\ufeff", "").split()) for field in fields]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names, delimiter


def _join_lines(source: _Lines) -> str:
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


def _read_rows(source: _Lines, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """The cells of each row, none of a blank one; or why the row cannot be read."""
    rows = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.begin()
        try:
            yield next(rows), ""
        except StopIteration:
            return
        except (csv.Error, _Unclosed) as error:
            yield _read_alone(source, delimiter, error)
            rows = csv.reader(source, delimiter=delimiter, strict=True)


def _read_alone(source: _Lines, delimiter: str, error: Exception) -> tuple[list[str], str]:
    """The first line of a record that is no good CSV, by itself; the others are read anew."""
    is_one_line = len(source.taken) == 1
    source.give_back()
    text = source.taken[0].text
    if text is TOO_LONG:
        return [], f"is longer than {LONGEST:,} bytes"
    if not is_one_line or isinstance(error, _Unclosed):
        return [], _NEVER_CLOSES
    try:
        # A second line shows whether the first one was closed.
        fields, *after = csv.reader([text, "\n"], delimiter=delimiter)
    except csv.Error as cause:
        return [], f"not readable as CSV: {cause}"
    return (fields, "") if after else ([], _NEVER_CLOSES)


def _join_columns(names: list[str]) -> Callable[[list[str]], dict[str, str]]:
    """Cells by name; a name that stands more than once has all its values, each once."""
    if len(set(names)) == len(names):
        return lambda fields: dict(zip(names, fields, strict=True))
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    repeated = {name: columns for name, columns in places.items() if len(columns) > 1}

    def join(fields: list[str]) -> dict[str, str]:
        values = dict(zip(names, fields, strict=True))
        for name, columns in repeated.items():
            texts = (fields[place].strip() for place in columns)
            values[name] = ", ".join(dict.fromkeys(filter(None, texts)))
        return values

    return join
