"""What the clocks of a ticket's SLA said last. Metrics judges; intake only shows it."""

from collections.abc import Mapping
from datetime import datetime

from desk_contracts import AnyEvent, Payload
from desk_contracts.events.sla import (
    SlaAtRisk,
    SlaBreached,
    SlaCancelled,
    SlaMet,
    SlaResumed,
    SlaStarted,
)
from desk_contracts.frozen import Frozen

# Which clock stands for the whole ticket: the solution as soon as it has a target.
_MAIN_CLOCKS = ("resolution", "response")
_LIVE = frozenset({"running", "at_risk", "breached"})
_STATUS: Mapping[type[Payload], str] = {
    SlaStarted: "running",
    SlaAtRisk: "at_risk",
    SlaBreached: "breached",
    SlaMet: "met",
    SlaCancelled: "cancelled",
}


class SlaView(Frozen):
    """What one clock said last."""

    clock: str
    status: str
    due: datetime | None = None


class TicketSla(Frozen):
    """The clocks of one ticket, in the order in which they were heard of."""

    ticket: str
    # False where the store has something that cannot be read.
    is_known: bool = True
    clocks: tuple[SlaView, ...] = ()

    def of(self, clock: str) -> SlaView | None:
        """What that clock said last."""
        return next((item for item in self.clocks if item.clock == clock), None)

    @property
    def main(self) -> SlaView | None:
        """The clock that people are told about; None if none of them runs."""
        views = (self.of(clock) for clock in _MAIN_CLOCKS)
        return next((view for view in views if view is not None and view.status in _LIVE), None)


def apply(before: TicketSla | None, event: AnyEvent) -> TicketSla:
    """The clocks after the event."""
    sla = before or TicketSla(ticket=event.subject)
    view = _view(sla, event.data)
    if view is None or view == sla.of(view.clock):
        return sla
    others = tuple(item for item in sla.clocks if item.clock != view.clock)
    return sla.model_copy(update={"clocks": (*others, view)})


def _view(sla: TicketSla, data: Payload) -> SlaView | None:
    match data:
        case SlaStarted() | SlaAtRisk() | SlaBreached() | SlaMet():
            return SlaView(clock=data.clock, status=_STATUS[type(data)], due=data.due)
        case SlaResumed():
            # The due moment moved; what was at risk or late before the wait still is.
            before = sla.of(data.clock)
            status = before.status if before else _STATUS[SlaStarted]
            return SlaView(clock=data.clock, status=status, due=data.due)
        case SlaCancelled(replaced=False):
            return SlaView(clock=data.clock, status=_STATUS[SlaCancelled])
        case _:
            # Paused, or replaced by what follows at once: whoever looks has nothing from knowing.
            return None
