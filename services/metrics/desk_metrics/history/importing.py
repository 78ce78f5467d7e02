"""The import: files in, a history file out, with every row accounted for. Memory stays flat."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Protocol

from desk_shared.errors import Invalid
from desk_shared.ids import ticket_code
from pydantic_core import to_json

from desk_metrics.domain.agreement import Compared, compare
from desk_metrics.domain.history import Imported, history_of, in_order
from desk_metrics.domain.rows import Fault, Remark, Row, expanded
from desk_metrics.history.file import line_of, written_whole
from desk_metrics.history.mapping import Mapping, Shape
from desk_metrics.history.reading import RowReader, moments
from desk_metrics.history.sorting import RUN, by_ticket
from desk_metrics.history.source import read_records


class Sink(Protocol):
    """Where lines go: a file, or nowhere."""

    def write(self, line: bytes, /) -> object: ...


@dataclass(slots=True)
class Account:
    """What became of the rows: `rows` is always `used` and `refused` together."""

    rows: int = 0
    used: int = 0
    refused: Counter[Fault] = field(default_factory=Counter)
    remarked: Counter[Fault] = field(default_factory=Counter)
    tickets: int = 0
    events: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    agreeing: Counter[str] = field(default_factory=Counter)

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


class Import:
    """One run over some files with one mapping."""

    def __init__(self, files: Sequence[Path], mapping: Mapping, *, run: int = RUN) -> None:
        self._files = tuple(files)
        self._mapping = mapping
        self._reader = RowReader(mapping)
        self._moment = moments(mapping.times)
        self._run = run
        self.account = Account()

    def lives(self, rejects: Sink) -> Iterator[tuple[list[Row], list[Imported]]]:
        """Every ticket with its rows in order and its events."""
        rows = by_ticket(self._rows(rejects), run=self._run)
        for _ticket, group in groupby(rows, key=lambda row: row.ticket):
            ordered = self._ordered(group, rejects)
            life = history_of(self._steps(ordered), self._mapping.source, ticket_code)
            self.account.used += len(ordered)
            self.account.tickets += 1
            self.account.events += len(life)
            yield ordered, life

    def write(self, places: Places) -> Account:
        """All files; each appears whole or not at all."""
        with ExitStack() as stack:
            history, rejects, figures, differences = (
                stack.enter_context(written_whole(path))
                for path in (places.history, places.rejects, places.figures, places.differences)
            )
            for rows, life in self.lives(rejects):
                names = [self._files[one.file].name for one in life]
                history.writelines(map(line_of, life, names))
                self._compare(rows, life, figures, differences)
        return self.account

    def _rows(self, rejects: Sink) -> Iterator[Row]:
        for number, path in enumerate(self._files):
            is_checked = False
            for record in read_records(path, self._mapping):
                if not is_checked and record.values:
                    self._check(path, set(record.values))
                    is_checked = True
                self.account.rows += 1
                row, remarks = self._reader.read(record, number)
                for remark in remarks:
                    self._reject(remark, rejects)
                if row is not None:
                    yield row

    def _check(self, path: Path, columns: set[str]) -> None:
        """A wrong mapping is told at once, not as a million refused rows. JSON may leave out."""
        if ".json" in path.name or ".ndjson" in path.name:
            return
        if missing := sorted(self._reader.columns() - columns):
            raise Invalid(
                f"{path} has no column {', '.join(missing)}, which mapping"
                f" '{self._mapping.name}' reads. It has: {', '.join(sorted(columns))}.",
                code="missing-column",
            )

    def _ordered(self, group: Iterator[Row], rejects: Sink) -> list[Row]:
        is_kept = self._mapping.identical_rows == "events"
        ordered, remarks = in_order(group, keep_identical=is_kept)
        if self._mapping.shape is Shape.TICKETS and len(ordered) > 1:
            ordered.sort(key=lambda row: (row.file, row.row))
            for row in ordered[1:]:
                reason = (
                    f"ticket {row.ticket} stands in row {ordered[0].row} already; that one is used"
                )
                remarks.append(
                    Remark(Fault.DUPLICATE, False, row.file, row.row, row.ticket, reason)
                )
            del ordered[1:]
            remarks = [remark for remark in remarks if not remark.used]
        for remark in remarks:
            self._reject(remark, rejects)
        return ordered

    def _steps(self, ordered: list[Row]) -> list[Row]:
        return expanded(ordered[0]) if self._mapping.shape is Shape.TICKETS else ordered

    def _reject(self, remark: Remark, rejects: Sink) -> None:
        counted = self.account.remarked if remark.used else self.account.refused
        counted[remark.fault] += 1
        said = {**remark._asdict(), "file": str(self._files[remark.file])}
        rejects.write(to_json(said) + b"\n")

    def _compare(
        self, rows: list[Row], life: list[Imported], figures: Sink, differences: Sink
    ) -> None:
        last = rows[-1]
        if not last.figures:
            return
        figures.write(
            to_json({"ticket": life[0].event.subject, "number": last.ticket, **last.figures})
            + b"\n"
        )
        for one in compare(rows, life, self._moment):
            self.account.compared[one.figure] += 1
            if one.agrees:
                self.account.agreeing[one.figure] += 1
            else:
                differences.write(_difference(last.ticket, one))


def _difference(ticket: str, one: Compared) -> bytes:
    return to_json({"ticket": ticket, **one._asdict()}) + b"\n"
