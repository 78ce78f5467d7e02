"""A record of an export, and what every kind of export file can do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from desk_contracts.message import Message

from desk_metrics.history.exports.mapping import Mapping


@dataclass(slots=True)
class ExportRecord:
    """A record's texts by column; `row` counts as a spreadsheet does: a CSV's header is row 1."""

    row: int
    values: dict[str, str] = field(default_factory=dict)
    broken: str = ""
    mended: Message | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is read by a mapping.

    `on_header` is called with the columns of a table before its first record.
    """

    path: Path
    mapping: Mapping
    on_header: Callable[[list[str]], None]

    @property
    def name(self) -> str:
        """The name of the file without `.gz`, in small letters."""
        return self.path.name.lower().removesuffix(".gz")


class ExportFormat(Protocol):
    """A kind of export file (ADR 23).

    It is given the text as UTF-8 without a byte order mark, in chunks that may part a character,
    and keeps no more of it than one record. Every record is given in the order of the file, good
    or broken; what is wrong in one record costs no other.
    """

    def can_read(self, head: bytes, export: Export) -> bool:
        """Whether a file with this name and beginning is of this kind."""

    def read(self, chunks: Iterator[bytes], export: Export) -> Iterator[ExportRecord]:
        """Every record; `Invalid` where no record of the file could be trusted."""
