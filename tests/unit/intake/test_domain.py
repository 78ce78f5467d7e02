"""The rules by themselves: bounds, refusals, words."""

from datetime import timedelta
from uuid import uuid5

import pytest
from desk_contracts import Event
from desk_contracts.errors import Forbidden, Invalid, NotFound, Rejected
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import (
    Kind,
    LinkKind,
    Role,
    State,
    TicketClosed,
    TicketCommented,
    TicketLinked,
    TicketMerged,
    TicketPaused,
    TicketResolved,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    WaitingFor,
)
from desk_contracts.ids import DESK, derive_id
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.evolve import evolve
from desk_intake.tickets.lifecycle import ALLOWED, Actor, Changes
from desk_intake.tickets.model import MAX_ENTRIES, Ticket
from desk_intake.tickets.timers import pass_time

from tests.support.intake_world import MONDAY, Story
from tests.support.spoken import english

MAX = Actor("max", is_staff=True, team="network")
ANA = Actor("ana", is_staff=False)

WAYS = {
    State.WAITING: (TicketStarted(by="max"), TicketPaused(waiting_for=WaitingFor.VENDOR, by="max")),
    State.RESOLVED: (TicketResolved(by="max", resolution=verbatim("x")),),
    State.CLOSED: (TicketResolved(by="max", resolution=verbatim("x")), TicketClosed(by="max")),
    State.MERGED: (TicketMerged(into="t-2", by="max"),),
}


@pytest.mark.parametrize("action", list(ALLOWED))
@pytest.mark.parametrize("state", list(WAYS))
def test_each_refusal_names_the_ticket_its_state_and_what_would_do(
    action: life.Action, state: State, story: Story
) -> None:
    ticket = story.then(*WAYS[state]).ticket
    assert ticket.state is state
    if state in ALLOWED[action]:
        life.allow(ticket, action)
        return
    with pytest.raises(Rejected) as refused:
        life.allow(ticket, action)
    assert refused.value.described is not None
    assert refused.value.described.code == "refused.wrong-state"
    assert (refused.value.described.params["state"], refused.value.described.params["action"]) == (
        state,
        action,
    )
    assert refused.value.fields["allowed"] == [s.value for s in State if s in ALLOWED[action]]


def test_only_the_requester_and_staff_know_of_a_ticket(story: Story) -> None:
    assert life.seen(story.ticket, ANA, "t-1") is life.seen(story.ticket, MAX, "t-1")
    with pytest.raises(NotFound):
        life.seen(story.ticket, Actor("ben", is_staff=False), "t-1")
    with pytest.raises(NotFound):
        life.seen(None, MAX, "t-1")


def test_employees_cannot_write_internal_comments_or_priorities(story: Story) -> None:
    with pytest.raises(Forbidden):
        life.comment(story.ticket, ANA, "x", public=False)
    with pytest.raises(Forbidden):
        life.update(story.ticket, ANA, Changes.model_validate({"priority": "P1"}))


def test_assigning_the_same_again_says_nothing(story: Story) -> None:
    first = life.assign(story.ticket, MAX, "network", "")
    ticket = story.then(*first).ticket
    assert life.assign(ticket, MAX, "network", "") == []
    assert life.assign(ticket, MAX, "network", "network-1")


def test_the_first_public_answer_of_a_member_is_remembered(story: Story) -> None:
    def make_comment(
        role: Role, *, public: bool = True, automatic: bool = False
    ) -> TicketCommented:
        return TicketCommented(by="x", role=role, text="x", public=public, automatic=automatic)

    story.then(
        make_comment(Role.EMPLOYEE),
        make_comment(Role.AUTOMATION, automatic=True),
        make_comment(Role.MEMBER, public=False),
        make_comment(Role.MEMBER, automatic=True),
    )
    assert story.ticket.answered_at is None
    story.then(make_comment(Role.MEMBER), make_comment(Role.MEMBER))
    assert story.ticket.answered_at == MONDAY + timedelta(minutes=5)


def test_a_long_timeline_keeps_its_beginning_and_says_what_is_gone(story: Story) -> None:
    comment = TicketCommented(by="ana", role=Role.EMPLOYEE, text="x")
    ticket = story.then(*[comment] * (MAX_ENTRIES + 10)).ticket
    assert len(ticket.timeline) == MAX_ENTRIES
    assert ticket.timeline[0].what == "opened"
    assert ticket.forgotten == 11
    long = TicketCommented(by="ana", role=Role.EMPLOYEE, text="x" * 20_000)
    ticket = story.then(*[long] * 60).ticket
    assert sum(entry.size for entry in ticket.timeline) <= 1_000_000
    assert ticket.timeline[-1].message == verbatim(long.text)


def test_a_priority_that_staff_agree_with_is_theirs_from_then_on(story: Story) -> None:
    ticket = story.then(TicketTriaged(category="vpn", priority=Priority.P3)).ticket
    agreed = life.update(ticket, MAX, Changes(priority=Priority.P3))
    assert agreed == [TicketUpdated(by="max", priority=Priority.P3)]
    ticket = story.then(*agreed).ticket
    assert life.update(ticket, MAX, Changes(priority=Priority.P3)) == []
    assert life.update(ticket, MAX, Changes(priority=Priority.P2)) == [
        TicketUpdated(by="max", priority=Priority.P2)
    ]


def test_a_solution_without_a_number_is_the_next_of_its_ticket(story: Story) -> None:
    solved = Event("e", "/x", "t-1", MONDAY, TicketResolved(by="max", resolution=verbatim("x")))
    assert solved.sequence is None
    assert evolve(story.ticket, solved).resolved_sequence == story.ticket.sequence + 1


def test_the_problem_of_a_ticket_is_the_one_that_it_was_linked_to_last(story: Story) -> None:
    assert story.ticket.problem == ""
    for target in ("p-2", "p-1"):
        story.then(
            TicketLinked(kind=LinkKind.PROBLEM, target=target),
            TicketLinked(kind=LinkKind.RUN, target=f"r-of-{target}"),
        )
        assert story.ticket.problem == target
    assert story.ticket.runs == ("r-of-p-2", "r-of-p-1")


def test_links_are_bounded_and_unique(story: Story) -> None:
    links = [TicketLinked(kind=LinkKind.RUN, target=f"r-{n % 150}") for n in range(300)]
    ticket = story.then(*links).ticket
    assert [link.target for link in ticket.links] == [f"r-{n}" for n in range(50, 150)]


def test_events_of_others_are_no_part_of_a_tickets_life(story: Story) -> None:
    foreign = Event("e", "/x", "t-1", MONDAY, TicketRequested(requester="ana", title="x"))
    with pytest.raises(Invalid):
        evolve(story.ticket, foreign)
    closed = Event("e", "/x", "t-1", MONDAY, TicketClosed(by="max"))
    with pytest.raises(Invalid):
        evolve(None, closed)


def test_time_alone_changes_nothing_before_it_is_due(story: Story) -> None:
    week = timedelta(days=7)
    assert pass_time(story.ticket, MONDAY + 100 * week, week) is None
    resolved = story.then(TicketResolved(by="max", resolution=verbatim("x"))).ticket
    assert resolved.resolved_at is not None
    due = resolved.resolved_at + week
    assert pass_time(resolved, due - timedelta(microseconds=1), week) is None
    first, again = pass_time(resolved, due, week), pass_time(resolved, due + week, week)
    assert first is not None
    assert first == again


def test_every_line_of_a_timeline_is_a_sentence(story: Story) -> None:
    story.then(
        TicketStarted(by="max"),
        TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="max", until=MONDAY + timedelta(days=1)),
        TicketLinked(kind=LinkKind.SIGNAL, target="s-1"),
        TicketResolved(by="max", resolution=verbatim("Restarted it")),
    )
    assert [english(entry.message) for entry in story.ticket.timeline] == [
        "Reported in the portal. Its code is K7M2-Q9PG.",
        "max works on it now.",
        "The work waits for an answer from the person who asked, at the latest until"
        " Tuesday 3 March 2026, 09:00 (UTC).",
        "It belongs to the early warning s-1.",
        "Resolved: Restarted it.",
    ]
    seen_by_desk = Story.begin(Kind.PROACTIVE).ticket.timeline[0]
    assert seen_by_desk.message.code == "timeline.opened-by-desk"


@pytest.mark.parametrize("cause", ["e-1", "", "Köln €", "\U0001f600" * 40])
def test_a_derived_id_is_the_standard_librarys_uuid5(cause: str) -> None:
    assert derive_id(cause, "rule", 3) == str(uuid5(DESK, f"{len(cause)}:{cause}\nrule\n3"))


def test_a_stored_ticket_reads_back_as_it_was(story: Story) -> None:
    ticket = story.then(*WAYS[State.WAITING]).ticket
    assert Ticket.model_validate_json(ticket.model_dump_json()) == ticket
