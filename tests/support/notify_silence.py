"""Shared by tests: notify, silence."""

from desk_contracts.events.sla import SlaBreached
from desk_contracts.events.tickets import (
    TicketAssigned,
)

from tests.support.notify_desk import NOON, Story, opened, sla

ASSIGNED = TicketAssigned(team="network")


def assigned() -> Story:
    """A ticket that the network team has."""
    story = Story()
    story.ticket_sees(opened(), ASSIGNED)
    return story


def breached(*, inherited: bool = False) -> SlaBreached:
    return sla(SlaBreached, due=NOON, inherited=inherited)
