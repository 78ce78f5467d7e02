"""Who hears of an escalation: whoever answers for the service and does not have the ticket."""

import pytest
from desk_contracts.events.tickets import TicketAssigned, TicketEscalated, TicketResolved
from desk_contracts.message import verbatim

from tests.support.notify_desk import Story, opened


@pytest.mark.parametrize(
    ("team", "owner", "recipient"),
    [
        ("network", "", None),
        ("network", "network", None),
        ("network", "service-care", "service-care"),
        ("service-care", "network", "network"),
        ("", "network", "network"),
    ],
)
def test_an_escalation_is_told_to_an_owner_who_does_not_have_the_ticket(
    team: str, owner: str, recipient: str | None
) -> None:
    story = Story()
    story.ticket_sees(opened(), *([TicketAssigned(team=team)] if team else []))
    escalated = TicketEscalated(policy="late", owner=owner, explanation=())
    messages = story.ticket_sees(escalated)
    assert [message.recipient for message in messages] == ([recipient] if recipient else [])
    story.ticket_sees(TicketResolved(by="network-1", resolution=verbatim("Done.")))
    assert story.ticket_sees(escalated) == []
