"""Who is told of which event live, and what: the rights of the ticket's own routes."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.tickets import (
    Role,
    TicketAssigned,
    TicketCommented,
    TicketResolved,
    TicketStarted,
)
from desk_contracts.message import verbatim
from desk_contracts.messages import catalogue
from desk_intake.live.decide import list_audiences, list_entries
from desk_intake.live.model import Audience
from desk_intake.live.worker import MAX_WAITING, Followed, Listener
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.view import Reader
from desk_kernel.sight import Sight
from desk_platform.kafka.recent_records import ReadEvent

from tests.support.intake_world import MONDAY, Story

ANA, BEN = Actor("ana", is_staff=False), Actor("ben", is_staff=False)
MAX = Actor("max", is_staff=True, team="network")
ANA_OF_STAFF = Actor("ana", is_staff=True, team="network")
ASSIGNED = TicketAssigned(team="network", member="max")
INTERNAL = TicketCommented(by="max", role=Role.MEMBER, text="She always says so", public=False)


def event(data: Payload) -> AnyEvent:
    return Event("e-1", "/desk/intake", "t-1", MONDAY, data)


def test_an_event_is_for_who_asked_who_has_it_and_the_team(story: Story) -> None:
    ticket = story.then(ASSIGNED).ticket
    assert list_audiences(ticket, event(TicketStarted(by="max"))) == {
        Audience("ticket", "t-1"),
        Audience("person", "ana"),
        Audience("person", "max"),
        Audience("team", "network"),
    }


def test_the_team_that_gave_it_away_hears_of_it(story: Story) -> None:
    moved = TicketAssigned(team="workplace", previous_team="network")
    ticket = story.then(ASSIGNED, moved).ticket
    teams = {item.name for item in list_audiences(ticket, event(moved)) if item.kind == "team"}
    assert teams == {"network", "workplace"}


def test_nobody_follows_the_tickets_of_nobody(story: Story) -> None:
    audiences = list_audiences(story.ticket, event(TicketStarted(by="max")))
    assert audiences == {Audience("ticket", "t-1"), Audience("person", "ana")}


@pytest.mark.parametrize(
    ("reader", "lines"), [(ANA, 0), (BEN, 0), (MAX, 1), (ANA_OF_STAFF, 0)], ids=str
)
def test_an_internal_comment_reaches_staff_alone_and_not_on_their_own_ticket(
    story: Story, reader: Actor, lines: int
) -> None:
    ticket = story.then(ASSIGNED, INTERNAL).ticket
    assert len(list_entries(ticket, event(INTERNAL), reader)) == lines


def test_the_cause_of_a_solution_is_for_staff(story: Story) -> None:
    solved = TicketResolved(by="max", resolution=verbatim("Works again"), cause="Old firmware")
    ticket = story.then(ASSIGNED, solved).ticket
    assert [len(list_entries(ticket, event(solved), who)) for who in (ANA, MAX, BEN)] == [1, 2, 0]


def test_staff_hear_nothing_of_what_is_confidential_to_others(story: Story) -> None:
    ticket = story.then(TicketAssigned(team="people")).ticket
    elsewhere = Actor("max", True, "network", Sight("network", frozenset(), frozenset({"people"})))
    assert list_entries(ticket, event(TicketStarted(by="eva")), elsewhere) == ()


def test_who_reads_too_slowly_is_cut_off_with_a_bounded_queue(story: Story) -> None:
    reader = Reader(True, {}, timedelta(days=5), catalogue("en"))
    listener = Listener(Audience("team", "network"), lambda: MAX, reader)
    followed = Followed(ReadEvent(0, 0, event(INTERNAL)), story.ticket)
    for _ in range(MAX_WAITING):
        listener.hear(followed)
    assert not listener.is_over
    listener.hear(followed)
    assert listener.is_over
    listener.hear(followed)
    assert len(listener.waiting) == MAX_WAITING
