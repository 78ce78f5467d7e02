"""What metrics' HTTP side is given."""

from collections.abc import Callable
from dataclasses import dataclass

from desk_shared.clock import Clock
from desk_shared.store import Documents

from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.tickets import TicketRecord


@dataclass(frozen=True, slots=True)
class MetricsDeps:
    """Everything a request may need."""

    tickets: Documents[TicketRecord]
    cells: Documents[Cell]
    book: Callable[[], PolicyBook]
    clock: Clock
    people: int = 0
    cost_per_minute: float = 0.0
