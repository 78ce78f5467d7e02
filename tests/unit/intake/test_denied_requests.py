"""What was denied is asked for anew: no call on the old ticket opens it again."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from desk_contracts import Payload
from desk_contracts.errors import Rejected
from desk_contracts.events.tickets import ApprovalOutcome, Channel, How, Kind, State
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.approvals import ItemRequest
from desk_intake.tickets.concerned import request_person
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANA = Actor("ana", is_staff=False)
CALLS: dict[str, Callable[[Ticket], list[Payload]]] = {
    "reopen": lambda ticket: life.reopen(ticket, ANA, "Please."),
    "talk to a person": lambda ticket: request_person(ticket, ANA, "Please."),
}


def resolved(how: How, outcome: ApprovalOutcome) -> Ticket:
    request = ItemRequest(
        item="access", answers={}, digest="d", team="identity", needed=1, outcome=outcome
    )
    return Ticket(
        id="t-1", code="K7M2-Q9PG", sequence=9, state=State.RESOLVED, kind=Kind.REQUEST,
        title="Access", requester="ana", channel=Channel.PORTAL, opened_at=MONDAY,
        requested_at=MONDAY, updated_at=MONDAY, how=how, request=request,
    )  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("outcome", [ApprovalOutcome.DENIED, ApprovalOutcome.EXPIRED])
def test_a_denied_request_stays_denied(call: str, outcome: ApprovalOutcome) -> None:
    with pytest.raises(Rejected) as refused:
        CALLS[call](resolved(How.DENIED, outcome))
    assert refused.value.kind == "not-approved"


@pytest.mark.parametrize("call", CALLS)
def test_what_was_approved_and_did_not_help_is_open_again(call: str) -> None:
    events = CALLS[call](resolved(How.MEMBER, ApprovalOutcome.APPROVED))
    assert "desk.ticket.reopened.v1" in [event.TYPE for event in events]
