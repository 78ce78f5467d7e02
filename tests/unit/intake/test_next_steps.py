"""What happens next with a ticket, as whoever waits for it is told."""

from datetime import timedelta

import pytest
from desk_contracts import Payload
from desk_contracts.events.tickets import (
    How,
    TicketAssigned,
    TicketClosed,
    TicketConfirmed,
    TicketMerged,
    TicketPaused,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    WaitingFor,
)
from desk_contracts.message import verbatim
from desk_contracts.messages import catalogue
from desk_contracts.value_types import Priority
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.view import Reader, show

from tests.support.intake_world import CLOSE_AFTER, MONDAY, Story

ANA = Reader(False, {"network": "Network"}, CLOSE_AFTER, catalogue("en"))
ASSIGNED, STARTED = TicketAssigned(team="network"), TicketStarted(by="max")
SOLVED = TicketResolved(by="max", how=How.MEMBER, resolution=verbatim("Done."))


def pause(waiting_for: WaitingFor, *, is_dated: bool = False) -> TicketPaused:
    until = MONDAY + timedelta(days=1) if is_dated else None
    return TicketPaused(waiting_for=waiting_for, by="max", until=until)


@pytest.mark.parametrize(
    ("life", "sentence"),
    [
        ([], "The desk decides who can help best; you need do nothing."),
        (
            [TicketTriaged(category="vpn", priority=Priority.P3)],
            "It goes to the team that can help.",
        ),
        ([ASSIGNED], "Somebody of the team Network takes it up."),
        ([ASSIGNED, STARTED], "max works on it and answers here."),
        (
            [ASSIGNED, pause(WaitingFor.VENDOR), TicketResumed(by="desk")],
            "Network works on it and answers here.",
        ),
        (
            [ASSIGNED, STARTED, pause(WaitingFor.EMPLOYEE)],
            "The person who asked answers with a comment; then the work goes on by itself.",
        ),
        (
            [ASSIGNED, STARTED, pause(WaitingFor.APPROVAL)],
            "The work goes on when the approval is given.",
        ),
        (
            [ASSIGNED, STARTED, pause(WaitingFor.APPROVAL, is_dated=True)],
            "The work goes on when the approval is given, at the latest on Tuesday 3 March 2026",
        ),
        ([ASSIGNED, STARTED, SOLVED], "Please try it. Say whether it is solved"),
        (
            [ASSIGNED, STARTED, SOLVED, TicketConfirmed(by="ana", resolution=4)],
            "You said that it is solved. It closes by itself on Saturday 7 March 2026, 09:03",
        ),
        ([SOLVED, TicketClosed(by="ana")], "Nothing more happens here"),
        ([TicketMerged(into="t-2", by="max")], "Follow ticket t-2, which it was merged into."),
    ],
    ids=str,
)
def test_who_waits_is_told_what_comes_next(life: list[Payload], sentence: str) -> None:
    view = show(Story.begin().then(*life).ticket, TicketSla(ticket="t-1"), ANA)
    assert view.next_step.startswith(sentence)
