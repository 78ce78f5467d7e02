"""Whether the history made of a log says what the log's own columns say, figure by figure."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketReopened,
    TicketResolved,
)

from desk_metrics.history.model import Imported
from desk_metrics.history.rows import ExportRow
from desk_metrics.sla.worktime import instant, micros


class FigureComparison(NamedTuple):
    """One figure of one ticket: what the log's column says and what the history says."""

    figure: str
    log: str
    history: str

    @property
    def agrees(self) -> bool:
        return self.log == self.history


def compare_figures(
    rows: Sequence[ExportRow], events: Sequence[Imported], moment: Callable[[str], int | None]
) -> Iterator[FigureComparison]:
    """The figures that the ticket's last row has.

    `reassignments`: changes of team after the first row, to and from no team included;
    `reopenings`: events `ticket.reopened`; `updates`: rows after the first; `resolved` and
    `closed`: the moment of the last such event. `kept` is a verdict and compared elsewhere.
    """
    figures = rows[-1].figures
    counted = {
        "reassignments": _reassignments(rows, events),
        "reopenings": sum(isinstance(imported.event.data, TicketReopened) for imported in events),
        "updates": len(rows) - 1,
    }
    for name, count in counted.items():
        if text := figures.get(name):
            yield FigureComparison(name, text, str(count))
    for name, kind in (("resolved", TicketResolved), ("closed", TicketClosed)):
        if text := figures.get(name):
            at = moment(text)
            log = text if at is None else instant(at).isoformat()
            times = [
                imported.event.time for imported in events if isinstance(imported.event.data, kind)
            ]
            last = instant(micros(times[-1])).isoformat() if times else "never"
            yield FigureComparison(name, log, last)


def _reassignments(rows: Sequence[ExportRow], events: Sequence[Imported]) -> int:
    first = (rows[0].file, rows[0].row)
    return sum(
        isinstance(imported.event.data, TicketAssigned)
        and imported.event.data.team != imported.event.data.previous_team
        and (imported.file, imported.row) != first
        for imported in events
    )
