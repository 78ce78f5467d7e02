"""What is full: the last that has room is taken, and what happens to the next."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from desk_contracts import Event, Payload
from desk_contracts.errors import DeskError, Invalid, error_code
from desk_contracts.events.feedback import DemandRequested, Taken
from desk_contracts.events.tickets import LinkKind, Role, TicketCommented, TicketLinked
from desk_contracts.message import verbatim
from desk_intake.attachments.decide import check_name
from desk_intake.attachments.model import Upload, UploadList
from desk_intake.attachments.uploads import remember
from desk_intake.before.decide import prevent
from desk_intake.before.model import Contact, PersonContacts
from desk_intake.demands.decide import add_vote
from desk_intake.erasures.decide import check_closed, split
from desk_intake.recovery.decide import count_call, enqueue
from desk_intake.recovery.model import Ask, AskQueue
from desk_intake.searches.decide import count_people, end_week
from desk_intake.tickets.concerned import join, watch
from desk_intake.tickets.evolve import evolve
from desk_intake.tickets.lifecycle import Actor, comment
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause

from tests.support.intake_world import MONDAY, Story

MAX = Actor("max", is_staff=True, team="network")


def people(count: int) -> tuple[str, ...]:
    return tuple(f"p{number:05}" for number in range(count))


def full(ticket: Ticket, **lists: object) -> Ticket:
    return ticket.model_copy(update=lists)


@pytest.mark.parametrize("count_of", ["watchers", "also_affected", "comments"])
def test_a_ticket_takes_so_many_and_says_so_when_it_is_full(story: Story, count_of: str) -> None:
    cases: dict[str, tuple[int, Callable[[Ticket], Sequence[Payload]], str]] = {
        "watchers": (50, lambda ticket: watch(ticket, MAX, "eva"), "too-many-watchers"),
        "also_affected": (500, lambda ticket: join(ticket, MAX, "eva"), "too-many-affected"),
        "comments": (
            1_000,
            lambda ticket: comment(ticket, MAX, "x", public=True),
            "too-many-comments",
        ),
    }
    most, decide, code = cases[count_of]

    def having(count: int) -> Ticket:
        value = count if count_of == "comments" else people(count)
        return full(story.ticket, **{count_of: value})

    assert len(decide(having(most - 1))) == 1
    with pytest.raises(DeskError) as refused:
        decide(having(most))
    assert error_code(refused.value) == code
    assert refused.value.fields["most"] == most
    assert refused.value.described is not None
    assert refused.value.described.params == {"code": "K7M2-Q9PG", "most": most}


def test_a_ticket_keeps_the_newest_hundred_links(story: Story) -> None:
    for number in range(101):
        story.then(TicketLinked(kind=LinkKind.SIGNAL, target=f"s{number}", message=verbatim("x")))
    assert [link.target for link in story.ticket.links] == [f"s{n}" for n in range(1, 101)]
    story.then(TicketLinked(kind=LinkKind.SIGNAL, target="s5", message=verbatim("again")))
    assert [link.target for link in story.ticket.links][-2:] == ["s100", "s5"]
    assert len(story.ticket.links) == 100


def test_an_event_without_a_number_is_the_next(story: Story) -> None:
    data = TicketCommented(by="max", role=Role.MEMBER, text="x", public=True)
    after = evolve(story.ticket, Event("e", "/test", "t-1", MONDAY, data))
    assert (story.ticket.sequence, after.sequence) == (1, 2)
    assert evolve(story.ticket, Event("e", "/test", "t-1", MONDAY, data, sequence=7)).sequence == 7


def test_a_person_prevents_a_hundred_contacts_a_week() -> None:
    def contact(number: int) -> Contact:
        return Contact(
            id=f"c{number}", taken=Taken.ARTICLE, target=f"a{number}", title="VPN", at=MONDAY
        )

    person: PersonContacts | None = None
    for number in range(100):
        person = prevent(person, "ana", contact(number), Cause(f"k{number}", MONDAY)).state
    assert person is not None
    assert len(person.contacts) == len(person.track) == 100
    with pytest.raises(DeskError) as refused:
        prevent(person, "ana", contact(100), Cause("k100", MONDAY))
    assert error_code(refused.value) == "too-many-contacts"
    later = contact(100).model_copy(update={"at": MONDAY + timedelta(days=7, seconds=1)})
    after = prevent(person, "ana", later, Cause("k100", MONDAY)).state
    assert [item.id for item in after.contacts] == ["c100"], "the others were decided by silence"
    assert [item.id for item in after.track] == [f"c{number}" for number in range(1, 101)]


def test_five_hundred_who_want_the_same_are_told_and_the_others_counted() -> None:
    demand = None
    for person in (*people(501), people(1)[0]):
        data = DemandRequested(feedback="f", what="A scanner", by=person)
        demand = add_vote(demand, Event(person, "/test", "scanner", MONDAY, data))
    assert demand is not None
    assert (demand.people, demand.more, demand.votes) == (people(500), 1, 501)
    assert demand.due == MONDAY + timedelta(days=14)


def test_fifty_wait_for_a_recovery_and_no_more_are_let_in() -> None:
    queue: AskQueue | None = None
    for person in people(51):
        ask = Ask(id=person, login=person, kind="password", language="en", at=MONDAY)
        queue = enqueue(queue, ask, MONDAY).state
    assert queue is not None
    assert [ask.login for ask in queue.waiting] == list(people(50))
    assert len(queue.recent) == 50


def test_of_five_hundred_calls_an_hour_the_newest_are_remembered() -> None:
    queue: AskQueue | None = None
    for address in people(501):
        queue, is_too_many = count_call(queue, address, MONDAY)
        assert not is_too_many
    assert queue is not None
    assert len(queue.recent) == 500
    assert queue.recent[-1].digest not in {item.digest for item in queue.recent[:-1]}
    first = count_call(None, people(1)[0], MONDAY)[0].recent[0].digest
    assert first not in {item.digest for item in queue.recent}


def test_a_list_of_uploads_has_an_end() -> None:
    uploads = tuple(Upload(id=id, tickets=(), at=MONDAY) for id in people(4_999))
    last = remember(UploadList(uploads=uploads), "last", ("t",), MONDAY)
    assert len(last.state.uploads) == 5_000
    with pytest.raises(DeskError) as refused:
        remember(last.state, "more", ("t",), MONDAY)
    assert error_code(refused.value) == "contended"


def test_an_erasure_is_split_into_events_of_seven_hundred_tickets() -> None:
    sizes = [[len(part) for part in split(people(count))] for count in (0, 1, 700, 701, 1_401)]
    assert sizes == [[0], [1], [700], [700, 1], [700, 700, 1]]


@pytest.mark.parametrize(("tickets", "named"), [(1, 1), (20, 20), (21, 20)])
def test_twenty_open_tickets_are_named_and_all_counted(tickets: int, named: int) -> None:
    check_closed([])
    codes = people(tickets)
    with pytest.raises(DeskError) as refused:
        check_closed(codes)
    assert refused.value.fields["tickets"] == list(codes[:named])
    assert refused.value.described is not None
    assert refused.value.described.params["count"] == tickets


def test_a_file_has_a_name_of_two_hundred_signs() -> None:
    assert check_name(" " + "x" * 200 + " ") == "x" * 200
    with pytest.raises(Invalid):
        check_name("x" * 201)


def test_a_thousand_people_are_counted_for_a_word_of_a_week() -> None:
    searched = count_people(None, "vpn", "2026-W10", people(1_001), people(1_002))
    assert searched is not None
    assert searched.state.people == searched.state.without == frozenset(people(1_000))
    assert searched.due == MONDAY.replace(hour=0, minute=0) + timedelta(days=7)
    assert count_people(searched.state, "vpn", "2026-W10", people(3), ()) is None


@pytest.mark.parametrize(
    ("week", "day"),
    [("2026-W01", "2026-01-05"), ("2026-W53", "2027-01-04"), ("2025-W52", "2025-12-29")],
)
def test_a_week_ends_when_the_next_begins(week: str, day: str) -> None:
    assert end_week(week).isoformat() == f"{day}T00:00:00+00:00"
