"""The import: files in, a history file out, with every row accounted for. Memory stays flat."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Protocol

from desk_contracts.errors import Invalid
from desk_contracts.ids import ticket_code
from desk_contracts.message import message
from desk_contracts.text import plain_line
from desk_platform.clock import SystemClock
from desk_platform.terminal import spoken_here
from pydantic_core import to_json

from desk_metrics.adapters.history_files.container import Bounds
from desk_metrics.history.agreement import compare_figures
from desk_metrics.history.exports.mapping import Mapping, Shape, columns_of
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.moments import Moments, Orders, has_open_order
from desk_metrics.history.exports.reader import RowReader
from desk_metrics.history.exports.store import read_records
from desk_metrics.history.model import Imported, build_events, sort_rows
from desk_metrics.history.rows import ExportRow, Fault, Remark, expand
from desk_metrics.history.store import RUN, format_line, sort_by_ticket, write_whole

_SHOWN = 40


class Sink(Protocol):
    """Where lines go: a file, or nowhere."""

    def write(self, line: bytes, /) -> object: ...


@dataclass(slots=True)
class ImportSummary:
    """What became of the rows: `rows` is always `used` and `refused` together."""

    rows: int = 0
    used: int = 0
    refused: Counter[Fault] = field(default_factory=Counter)
    remarked: Counter[Fault] = field(default_factory=Counter)
    tickets: int = 0
    events: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    agreeing: Counter[str] = field(default_factory=Counter)
    # Sentences on what was taken as given: the order of dates, the zone, columns without a value.
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.rows == self.used + self.refused.total()


@dataclass(frozen=True, slots=True)
class Places:
    """The files that an import writes, named after its history file."""

    history: Path
    rejects: Path
    figures: Path
    differences: Path

    @classmethod
    def beside(cls, history: Path) -> "Places":
        stem = history.name.removesuffix(".gz").removesuffix(".jsonl")
        names = ("rejects", "figures", "differences")
        return cls(history, *(history.with_name(f"{stem}.{name}.jsonl") for name in names))

    def __iter__(self) -> Iterator[Path]:
        yield from (self.history, self.rejects, self.figures, self.differences)

    def check(self, files: Sequence[Path]) -> None:
        """Refuse what could not be written, and what would take an export's own place."""
        folder = self.history.parent
        if not folder.is_dir():
            raise Invalid(f"There is no folder '{folder}' for what is written; create it first.")
        exports = {path.resolve() for path in files}
        for path in self:
            if path.resolve() in exports:
                raise Invalid(f"'{path}' is an export that is read; give --out another name.")
            if path.is_dir():
                raise Invalid(f"'{path}' is a folder; give --out the name of a file.")


class Import:
    """One run over some files with one mapping."""

    def __init__(
        self,
        files: Sequence[Path],
        mapping: Mapping,
        *,
        run: int = RUN,
        bounds: Bounds | None = None,
        now: datetime | None = None,
    ) -> None:
        self._files = tuple(files)
        self._mapping = mapping
        self._reader = RowReader(mapping, now or SystemClock().now())
        self._run = run
        self._bounds = bounds or Bounds()
        self._seen: set[str] = set()
        self._spoken = spoken_here()
        self.summary = ImportSummary()

    def read_histories(self, rejects: Sink) -> Iterator[tuple[list[ExportRow], list[Imported]]]:
        """Every ticket with its rows in order and its events."""
        rows = sort_by_ticket(self._read_rows(rejects), run=self._run)
        for _ticket, group in groupby(rows, key=lambda row: row.ticket):
            ordered = self._put_in_order(group, rejects)
            is_whole = self._mapping.shape is Shape.TICKETS
            steps = expand(ordered[0]) if is_whole else ordered
            events = build_events(steps, self._mapping.source, ticket_code)
            self.summary.used += len(ordered)
            self.summary.tickets += 1
            self.summary.events += len(events)
            yield ordered, events

    def write(self, places: Places) -> ImportSummary:
        """All files; each appears whole or not at all."""
        places.check(self._files)
        with ExitStack() as stack:
            history, rejects, figures, differences = (
                stack.enter_context(write_whole(path)) for path in places
            )
            for rows, events in self.read_histories(rejects):
                names = [self._files[imported.file].name for imported in events]
                history.writelines(map(format_line, events, names))
                self._compare(rows, events, figures, differences)
        return self.summary

    def _read_rows(self, rejects: Sink) -> Iterator[ExportRow]:
        for number, path in enumerate(self._files):
            self._reader.moments = self._choose_moments(path)
            for record in self._read_records(path):
                self.summary.rows += 1
                row, remarks = self._reader.read(record, number)
                for remark in remarks:
                    self._reject(remark, rejects)
                if row is not None:
                    yield row
            if self._reader.moments.is_local:
                self.summary.notes.append(
                    f"Moments of {path.name} without an offset are read as wall time of"
                    f" {self._mapping.times.zone}; --zone gives another."
                )
        self._note_empty()

    def _read_records(self, path: Path) -> Iterator[ExportRecord]:
        return read_records(path, self._mapping, self._bounds, partial(self._check_columns, path))

    def _choose_moments(self, path: Path) -> Moments:
        """How this file writes moments. Its dates are looked at first, if they have to decide."""
        times = self._mapping.times
        if not has_open_order(times):
            return Moments(times)
        orders = Orders(times).collect(
            (text, record.row)
            for record in self._read_records(path)
            for text in self._reader.dates(record)
        )
        order = orders.decide(str(path))
        if order is not None:
            shown = orders.shown[order]
            self.summary.notes.append(
                f"Dates of {path.name} are read {order}: '{shown.text[:40]}' in row {shown.row}"
                " cannot be read otherwise."
            )
        return Moments(times, order)

    def _note_empty(self) -> None:
        """A column that is there and empty has its name; of one that is missing all are tried."""
        if not self.summary.rows or not (empty := self._reader.empty()):
            return
        named = (
            f"{name} ({', '.join(sorted(there))})"
            if (there := self._seen & columns_of(column))
            else name
            for name, column in empty.items()
        )
        self.summary.notes.append(f"No row held anything for: {', '.join(named)}.")

    def _check_columns(self, path: Path, columns: list[str]) -> None:
        """A wrong mapping is told at once, not as a million refused rows. JSON may leave out."""
        self._seen |= set(columns)
        if missing := sorted(self._reader.columns() - set(columns)):
            # As far as they are worth reading, whatever somebody wrote there.
            shown = [plain_line(name[:60]) for name in sorted(columns)]
            more = f" and {len(shown) - _SHOWN:,} more" if len(shown) > _SHOWN else ""
            raise Invalid(
                f"{path} has no column {', '.join(missing)}, which mapping"
                f" '{self._mapping.name}' reads. It has: {', '.join(shown[:_SHOWN])}{more}.",
                code="missing-column",
            )

    def _put_in_order(self, group: Iterator[ExportRow], rejects: Sink) -> list[ExportRow]:
        is_kept = self._mapping.identical_rows == "events"
        ordered, remarks = sort_rows(group, keep_identical=is_kept)
        if self._mapping.shape is Shape.TICKETS and len(ordered) > 1:
            ordered.sort(key=lambda row: (row.file, row.row))
            for row in ordered[1:]:
                reason = message("history.ticket-twice", ticket=row.ticket, row=ordered[0].row)
                remarks.append(
                    Remark(Fault.DUPLICATE, False, row.file, row.row, row.ticket, reason)
                )
            del ordered[1:]
            remarks = [remark for remark in remarks if not remark.used]
        for remark in remarks:
            self._reject(remark, rejects)
        return ordered

    def _reject(self, remark: Remark, rejects: Sink) -> None:
        counted = self.summary.remarked if remark.used else self.summary.refused
        counted[remark.fault] += 1
        reason = self._spoken.render(remark.reason)
        document = {**remark._asdict(), "file": str(self._files[remark.file]), "reason": reason}
        rejects.write(to_json(document) + b"\n")

    def _compare(
        self, rows: list[ExportRow], events: list[Imported], figures: Sink, differences: Sink
    ) -> None:
        last = rows[-1]
        if not last.figures:
            return
        document = {"ticket": events[0].event.subject, "number": last.ticket, **last.figures}
        figures.write(to_json(document) + b"\n")
        for figure in compare_figures(rows, events, self._reader.moments):
            self.summary.compared[figure.figure] += 1
            if figure.agrees:
                self.summary.agreeing[figure.figure] += 1
            else:
                document = {"ticket": last.ticket, **figure._asdict()}
                differences.write(to_json(document) + b"\n")
