"""What metrics' HTTP side is given."""

from collections.abc import Callable
from dataclasses import dataclass

from desk_shared.clock import Clock
from desk_shared.store import Documents

from desk_metrics.domain.clocks import TicketClocks
from desk_metrics.domain.policies import PolicyBook


@dataclass(frozen=True, slots=True)
class MetricsDeps:
    """Everything a request may need."""

    tickets: Documents[TicketClocks]
    book: Callable[[], PolicyBook]
    clock: Clock
