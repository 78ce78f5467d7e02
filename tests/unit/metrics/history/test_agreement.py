"""What a log's own columns say is compared with the history that was made of it."""

import pytest
from desk_contracts import Event
from desk_contracts.events.tickets import TicketClosed, TicketResolved
from desk_contracts.message import verbatim
from desk_metrics.history.agreement import FigureComparison, compare_figures
from desk_metrics.history.model import Imported
from desk_metrics.history.rows import ExportRow
from desk_metrics.sla.worktime import instant

NOON = 1_772_452_800_000_000


@pytest.mark.parametrize(
    ("moments", "history"),
    [([], "never"), ([NOON], "2026-03-02T12:00:00+00:00"), ([NOON - 1, NOON + 1], None)],
)
def test_the_last_of_a_tickets_resolutions_is_compared(
    moments: list[int], history: str | None
) -> None:
    row = ExportRow("t", NOON, 0, 0, 0, figures={"resolved": "noon", "closed": "?"})
    resolved = TicketResolved(by="max", resolution=verbatim("x"))
    events = [Imported(Event("e", "/t", "t", instant(at), resolved)) for at in moments]
    events.append(Imported(Event("e", "/t", "t", instant(NOON), TicketClosed(by="max"))))
    compared = list(compare_figures([row], events, {"noon": NOON}.get))
    last = history or instant(moments[-1]).isoformat()
    assert compared == [
        FigureComparison("resolved", instant(NOON).isoformat(), last),
        FigureComparison("closed", "?", instant(NOON).isoformat()),
    ]
    assert compared[0].agrees is (moments == [NOON])
