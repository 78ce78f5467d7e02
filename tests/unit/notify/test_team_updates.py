"""The deferred of a ticket's team says by when they answer, so it waits until that is known."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_contracts import Payload
from desk_contracts.events.notifications import MessageKind
from desk_contracts.events.sla import ClockName, SlaStarted
from desk_contracts.events.tickets import (
    Kind,
    LinkKind,
    TicketAssigned,
    TicketClosed,
    TicketLinked,
    TicketMerged,
    TicketResolved,
    TicketStarted,
)
from desk_contracts.message import verbatim

from tests.support.notify_desk import ANA, NOON, Story, directory, opened, sla, to

ASSIGNMENT = [MessageKind.TICKET_ASSIGNED]
ASSIGNED, ELSEWHERE = TicketAssigned(team="network"), TicketAssigned(team="service-care")
ANSWER = sla(SlaStarted, target=timedelta(hours=1), due=NOON + timedelta(hours=1))
NO_HOURS = sla(SlaStarted, target=timedelta(hours=1), due=None)
SOLUTION = sla(SlaStarted, clock=ClockName.RESOLUTION, target=timedelta(hours=8), due=NOON)


def desk(*payloads: Payload) -> Story:
    """A desk with response targets, after these happened to the ticket."""
    story = Story(replace(directory(), has_response_policy=True))
    story.ticket_sees(*payloads)
    return story


def test_the_team_hears_at_once_and_the_requester_with_the_sla() -> None:
    story = desk(opened())
    messages = story.ticket_sees(ASSIGNED)
    assert (to("network", messages), to(ANA, messages)) == (ASSIGNMENT, [])
    assert story.ticket_sees(SOLUTION) == []
    (deferred,) = story.ticket_sees(ANSWER)
    assert (deferred.recipient, deferred.kind) == (ANA, *ASSIGNMENT)
    assert "first answer by Monday 23 November 2026, 13:00" in deferred.body
    assert story.ticket_sees(ANSWER) == []


def test_it_is_the_same_message_whichever_comes_first() -> None:
    late, early = desk(opened(), ASSIGNED, ANSWER), desk(opened(), ANSWER, ASSIGNED)
    ids = [
        {item.id for item in story.messages if item.data.recipient == ANA}
        for story in (late, early)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 2


def test_a_clock_that_never_falls_due_holds_nothing_back() -> None:
    assert to(ANA, desk(opened(), ASSIGNED).ticket_sees(NO_HOURS)) == ASSIGNMENT
    assert to(ANA, desk(opened(), NO_HOURS).ticket_sees(ASSIGNED)) == ASSIGNMENT


def test_the_last_team_is_the_news() -> None:
    (deferred,) = desk(opened(), ASSIGNED, ELSEWHERE).ticket_sees(ANSWER)
    assert "Service care" in deferred.title


def test_without_slas_of_answers_nothing_waits() -> None:
    story = Story()
    assert to(ANA, story.ticket_sees(opened(), ASSIGNED))[1:] == ASSIGNMENT


@pytest.mark.parametrize(
    ("next_", "kinds"),
    [
        (TicketStarted(by="network-1"), [MessageKind.TICKET_CHANGED]),
        (
            TicketResolved(by="network-1", resolution=verbatim("Done.")),
            [MessageKind.TICKET_RESOLVED],
        ),
        (TicketResolved(by=ANA, resolution=verbatim("It works again.")), []),
        (TicketMerged(into="t-2", by="network-1"), [MessageKind.TICKET_CHANGED]),
        (TicketClosed(by="network-1"), []),
    ],
    ids=["started", "resolved", "by-themselves", "merged", "closed"],
)
def test_what_follows_the_news_does_not_come_before_it(
    next_: Payload, kinds: list[MessageKind]
) -> None:
    story = desk(opened(), ASSIGNED)
    assert to(ANA, story.ticket_sees(next_)) == ASSIGNMENT + kinds
    assert to(ANA, story.ticket_sees(ANSWER)) == []


def test_who_is_told_by_the_problem_needs_no_news_of_the_team() -> None:
    linked = TicketLinked(kind=LinkKind.PROBLEM, target="p-1")
    assert to(ANA, desk(opened(), ASSIGNED, linked).ticket_sees(ANSWER)) == []


def test_what_the_desk_opened_itself_is_no_news_to_anybody() -> None:
    assert desk(opened(kind=Kind.PROACTIVE), ASSIGNED).ticket_sees(ANSWER) == []
