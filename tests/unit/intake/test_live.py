"""Who is told of which event live, and what: the rights of the ticket's own routes."""

from collections.abc import Iterable
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
from desk_intake.live.worker import CHUNK, MAX_WAITING, Followed, Listener, LiveTickets
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.store import TICKETS
from desk_intake.tickets.view import Reader
from desk_kernel.sight import Sight
from desk_platform.clock import FakeClock
from desk_platform.kafka.recent_records import ReadEvent
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments

from tests.support.intake_world import MONDAY, Story
from tests.support.still_tail import StillTail

ANA, BEN = Actor("ana", is_staff=False), Actor("ben", is_staff=False)
MAX = Actor("max", is_staff=True, team="network")
ANA_OF_STAFF = Actor("ana", is_staff=True, team="network")
GAP = 3 * CHUNK + 1
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


class CountedTickets(FakeDocuments[Ticket]):
    """Notes which documents are loaded together."""

    def __init__(self) -> None:
        super().__init__(TICKETS, FakeClock(MONDAY))
        self.loads: list[list[str]] = []

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[Ticket]]:
        self.loads.append(sorted(ids))
        return await super().load(self.loads[-1])


@pytest.fixture
async def tickets(story: Story) -> CountedTickets:
    made, ticket = CountedTickets(), story.then(ASSIGNED).ticket
    for number in range(GAP):
        state = ticket.model_copy(update={"id": f"t-{number}", "code": f"C-{number}"})
        await made.write([Stored(state.id, state=state)])
    return made


@pytest.mark.parametrize(
    ("audience", "reader", "loaded", "updates"),
    [
        (Audience("ticket", "t-7"), ANA, 1, 1),
        (Audience("team", "network"), MAX, GAP, GAP),
        (Audience("person", "ben"), BEN, GAP, 0),
    ],
    ids=("ticket", "team", "nothing of it"),
)
async def test_a_gap_is_read_in_chunks_and_of_one_ticket_only_its_own(
    tickets: CountedTickets, audience: Audience, reader: Actor, loaded: int, updates: int
) -> None:
    tail = StillTail(TICKETS.collection, FakeClock(MONDAY))
    since = tail.position
    started = TicketStarted(by="max")
    tail.grow([Event(f"e-{n}", "/desk", f"t-{n}", MONDAY, started) for n in range(GAP)])
    live = LiveTickets(tail, tickets, longest=timedelta(0))
    words = Reader(False, {}, timedelta(days=5), catalogue("en"))
    listener = Listener(audience, lambda: reader, words)
    stream = [item async for item in live.follow(listener, since.text)]
    assert sum(item.event == "ticket" for item in stream) == updates
    assert max(len(ids) for ids in tickets.loads) <= CHUNK
    assert len({id for ids in tickets.loads for id in ids}) == loaded
