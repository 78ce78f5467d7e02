"""Shared by tests: notify, silence."""

from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_contracts.events.sla import SlaBreached
from desk_contracts.events.tickets import LinkKind, TicketAssigned, TicketLinked
from desk_contracts.message import verbatim

from tests.support.notify_desk import NOON, Story, opened, sla

ASSIGNED = TicketAssigned(team="network")
LINKED = TicketLinked(kind=LinkKind.PROBLEM, target="p-1")


def assigned() -> Story:
    """A ticket that the network team has."""
    story = Story()
    story.ticket_sees(opened(), ASSIGNED)
    return story


def breached(*, inherited: bool = False) -> SlaBreached:
    return sla(SlaBreached, due=NOON, inherited=inherited)


def problem(*people: str, service: str = "vpn") -> ProblemDetected:
    """The VPN is a known problem of these people."""
    return ProblemDetected(
        service=service,
        title=verbatim("VPN fails"),
        tickets=("t-1",), people=people,
        team="network",
        message=verbatim("We know."),
    )  # fmt: skip


def over(*people: str) -> ProblemResolved:
    """It is over for them."""
    return ProblemResolved(
        service="vpn",
        title=verbatim("VPN fails"),
        tickets=("t-1",),
        people=people,
        resolution=verbatim("Fixed."),
    )
