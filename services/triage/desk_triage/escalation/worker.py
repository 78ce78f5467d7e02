"""Follows who has each ticket, and hears what its SLA clocks say."""

from collections.abc import Iterable

from desk_contracts import AnyEvent
from desk_contracts.events.sla import SlaAtRisk, SlaBreached
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection
from desk_platform.store import Documents

from desk_triage.changes.worker import Inputs
from desk_triage.escalation import decide
from desk_triage.escalation.model import EscalatedTicket


def escalation_projection(
    documents: Documents[EscalatedTicket], inputs: Inputs
) -> Projection[EscalatedTicket]:
    """Tickets, by what can bring a level about or changes whom it concerns."""
    types = decide.follow.types | {SlaAtRisk, SlaBreached}

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if type(event.data) in types else ()

    def react(
        state: EscalatedTicket | None, event: AnyEvent, _context: Context
    ) -> Decision[EscalatedTicket] | None:
        around = decide.Surroundings(inputs.charter(), inputs.snapshot())
        return decide.react(state, event, around)

    return Projection(documents, keys, react)
