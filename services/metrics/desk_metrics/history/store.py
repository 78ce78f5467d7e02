"""Files of an import: the history it writes, and rows sorted on disk.

A history file has CloudEvents in JSON Lines, a ticket's events together and in order. Each line
also says where it comes from: `sourcefile`, `sourcerow`, and the old desk's word for the state,
`sourcestate`. A file appears whole or not at all.
"""

import gzip
import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from desk_contracts import Codec
from desk_contracts.errors import Invalid, NotFound
from pydantic_core import from_json, to_json

from desk_metrics.history.contributions import (
    UNTOLD,
    UNTOLD_BY_ONE_ROW,
    list_contributions,
)
from desk_metrics.history.model import Imported
from desk_metrics.history.rows import ExportRow
from desk_metrics.measures.rollups import Bucket

_HEADERS = (("content-type", b"application/cloudevents+json"),)
_CODEC = Codec()
RUN = 20_000
# Open files in one merge; beyond that, runs are merged into larger ones first.
_FAN_IN = 100


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream into the file; it gets its name only when everything was written."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def format_line(imported: Imported, file: str) -> bytes:
    """One event as a line."""
    event = imported.event
    head = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "sequence": str(event.sequence),
        "datacontenttype": "application/json",
        "sourcefile": file,
        "sourcerow": str(imported.row),
    }
    if event.causation_id:
        head |= {"correlationid": event.correlation_id, "causationid": event.causation_id}
    if imported.word:
        head["sourcestate"] = imported.word
    data = event.data.__pydantic_serializer__.to_json(event.data, exclude_defaults=True)
    return to_json(head)[:-1] + b',"data":' + data + b"}\n"


def read_history(path: Path) -> Iterator[list[Imported]]:
    """The tickets of a history file, one after the other, each with all its events."""
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'. `desk import` writes one.")
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        yield from _group_events(path, lines)


@dataclass(frozen=True, slots=True)
class HistoryContributions:
    """The buckets of a history file, read anew each time, its first and last moment, and the names
    of figures that it does not tell."""

    path: Path
    first: datetime
    last: datetime
    untold: frozenset[str] = UNTOLD

    @classmethod
    def of(cls, path: Path) -> "HistoryContributions":
        """Read the file once, to know what time it is about."""
        first, last, has_updates = None, None, False
        for events in read_history(path):
            began = events[0].event.time
            ended = max(imported.event.time for imported in events)
            first = began if first is None else min(first, began)
            last = ended if last is None else max(last, ended)
            has_updates |= len({imported.row for imported in events}) > 1
        if first is None or last is None:
            raise Invalid(f"{path} has no ticket.")
        return cls(path, first, last, UNTOLD if has_updates else UNTOLD | UNTOLD_BY_ONE_ROW)

    def __iter__(self) -> Iterator[Bucket]:
        for events in read_history(self.path):
            yield from list_contributions(events)


def sort_by_ticket(
    rows: Iterable[ExportRow], *, run: int = RUN, folder: Path | None = None
) -> Iterator[ExportRow]:
    """The rows by ticket, then time, then the log's own order, then place in the files.

    Sorted runs on disk, then one merge: memory is one run plus a line of each run, whatever the
    number of rows (ADR 38).
    """
    with TemporaryDirectory(prefix="desk-import-", dir=folder) as name:
        scratch = Path(name)
        rows = iter(rows)
        runs: list[Path] = []
        while part := list(islice(rows, run)):
            part.sort(key=_place)
            runs.append(_write_rows(part, scratch / f"{len(runs)}"))
        generation = 0
        while len(runs) > _FAN_IN:
            generation += 1
            groups = [runs[first : first + _FAN_IN] for first in range(0, len(runs), _FAN_IN)]
            runs = []
            for group in groups:
                target = scratch / f"{generation}-{len(runs)}"
                runs.append(_write_rows(_merge(group), target))
                for merged in group:
                    merged.unlink()
        yield from _merge(runs)


def _group_events(path: Path, lines: Iterable[bytes]) -> Iterator[list[Imported]]:
    events: list[Imported] = []
    for number, line in enumerate(lines, 1):
        try:
            imported = _decode_line(line)
        except Invalid as error:
            raise Invalid(f"{path}:{number}: {error.message}", code=error.kind) from error
        is_next = bool(events) and imported.event.subject == events[-1].event.subject
        if imported.event.sequence != (len(events) + 1 if is_next else 1):
            raise Invalid(
                f"{path}:{number}: event {imported.event.sequence} of ticket"
                f" {imported.event.subject} is not in its place; a history file has each ticket's"
                " events together, from 1 and without a gap, as `desk import` writes them"
            )
        if not is_next and events:
            yield events
            events = []
        events.append(imported)
    if events:
        yield events


def _decode_line(line: bytes) -> Imported:
    try:
        document = from_json(line)
    except ValueError as error:
        raise Invalid(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Invalid("not a JSON object")
    subject = str(document.get("subject", ""))
    event = _CODEC.decode(subject.encode(), line, _HEADERS)
    row = str(document.get("sourcerow", "0"))
    word = str(document.get("sourcestate", ""))
    return Imported(event, 0, int(row) if row.isdigit() else 0, word)


def _place(row: ExportRow) -> tuple[str, int, int, int, int]:
    return row[:5]


def _write_rows(rows: Iterable[ExportRow], path: Path) -> Path:
    with path.open("wb") as stream:
        stream.writelines(to_json(tuple(row)) + b"\n" for row in rows)
    return path


def _merge(runs: list[Path]) -> Iterator[ExportRow]:
    with ExitStack() as stack:
        streams = [stack.enter_context(run.open("rb")) for run in runs]
        rows = ((ExportRow._make(from_json(line)) for line in stream) for stream in streams)
        yield from heapq.merge(*rows, key=_place)
