"""Ticket history as cells, one ticket at a time: what metrics would have kept of it.

No SLA was in force in another system, so none is judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from desk_shared.errors import Invalid
from desk_shared.events.contributions import ContributionsChanged

from desk_metrics.history.file import read_history
from desk_metrics.history.model import Imported
from desk_metrics.measures.contributions import Posting, Slice, day_of
from desk_metrics.measures.decide import TicketRecord, measured, recorded
from desk_metrics.measures.repeat_contacts import is_person
from desk_metrics.measures.rollups import Cell, Entry
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import micros

_NO_SLAS = PolicyBook(())


@dataclass(frozen=True, slots=True)
class HistoryCells:
    """The cells of a history file, read anew each time, and its first and last moment."""

    path: Path
    first: datetime
    last: datetime

    @classmethod
    def of(cls, path: Path) -> "HistoryCells":
        """One walk over the file, to know what time it tells of."""
        first, last = None, None
        for life in read_history(path):
            begun, ended = life[0].event.time, max(one.event.time for one in life)
            first = begun if first is None else min(first, begun)
            last = ended if last is None else max(last, ended)
        if first is None or last is None:
            raise Invalid(f"{path} has no ticket.")
        return cls(path, first, last)

    def __iter__(self) -> Iterator[Cell]:
        for life in read_history(self.path):
            yield from cells_of(life)


def cells_of(life: Sequence[Imported]) -> Iterator[Cell]:
    """What one ticket posts, each day as a cell of its own."""
    record = TicketRecord(TicketClocks(life[0].event.subject))
    for imported in life:
        record = recorded(record, imported.event)
    ended = max(micros(one.event.time) for one in life)
    _, events = measured(record, replace(record.clocks, as_of=ended), _NO_SLAS)
    for event in events:
        said = event.data
        if isinstance(said, ContributionsChanged) and not is_person(event.subject):
            by = Slice(said.kind, said.service, said.team, said.site)
            postings = tuple(Posting(*posting) for posting in said.postings)
            yield Cell(day_of(event.subject), (Entry(said.of, said.revision, by, postings),))
