"""Documents of tickets as metrics would have written them, for a store that is full from the start.

Pure: the same rules decide, but nothing is read, sent or written one event at a time.
"""

from collections.abc import Sequence
from datetime import datetime

from desk_contracts import AnyEvent
from desk_metrics.measures.decide import decide_ticket, record_event
from desk_metrics.measures.model import TicketRecord
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_platform.store import Stored


def ready(
    events: Sequence[AnyEvent], policies: PolicyBook, now: datetime | None = None
) -> Stored[TicketRecord]:
    """After these events of one ticket, at `now` or just after the last of them."""
    record = TicketRecord(TicketClocks(events[0].subject))
    for event in events:
        decision = decide_ticket(record_event(record, event), policies, event.time)
        record = decision.state
    if now is not None:
        decision = decide_ticket(record, policies, now)
    return Stored(record.clocks.ticket, 0, decision.state, sequence=len(events), due=decision.due)
