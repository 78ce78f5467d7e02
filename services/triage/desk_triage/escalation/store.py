"""How tickets are stored for escalation: found by their ids alone."""

from desk_platform.store import Schema

from desk_triage.escalation.model import EscalatedTicket

ESCALATIONS = Schema(
    "escalations",
    EscalatedTicket,
    kept="one for each ticket, always: an escalation is told once",
)
