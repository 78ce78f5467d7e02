"""What the timeline, refusals and surveys say, where the right and the wrong word are close."""

import pytest
from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketCommented,
    TicketResolved,
    TicketUpdateIgnored,
)
from desk_contracts.message import message, verbatim
from desk_intake.feedback.decide import may_answer
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.registration import proactive_ticket

from tests.support.intake_facts import escalated
from tests.support.intake_world import Desk, Story, triage_says


def codes(story: Story) -> list[str]:
    return [entry.message.code for entry in story.ticket.timeline]


def assigned(team: str, previous: str = "") -> TicketAssigned:
    return TicketAssigned(team=team, previous_team=previous)


def test_a_first_team_is_given_it_and_another_one_gets_it_moved(story: Story) -> None:
    story.then(assigned("network"), assigned("network", "network"), assigned("mail", "network"))
    first, again, moved = codes(story)[-3:]
    assert moved == "timeline.moved-to-team"
    assert not {first, again} & {"timeline.moved-to-team", "timeline.moved-to-member"}


def test_what_came_too_late_stands_in_the_timeline_of_staff_alone(story: Story) -> None:
    reason = message("update-ignored.too-late", what=verbatim("x"), state="closed")
    entry = story.then(TicketUpdateIgnored(fact="desk.x.v1", reason=reason)).ticket.timeline[-1]
    assert (entry.message, entry.public, entry.who) == (reason, False, "desk")


@pytest.mark.parametrize("other", ["aaa", "zzz"])
def test_only_who_asked_may_say_how_it_went(other: str, story: Story) -> None:
    ticket = story.then(TicketResolved(by="max", resolution=verbatim("x"))).ticket
    may_answer(ticket, Actor("ana", is_staff=False))
    with pytest.raises(Forbidden):
        may_answer(ticket, Actor(other, is_staff=False))


def test_who_reopens_what_is_open_is_told_to_comment(story: Story) -> None:
    with pytest.raises(Rejected) as refused:
        life.allow(story.ticket, "reopened")
    assert refused.value.described is not None
    assert str(refused.value.described.params["advice"]).count("comment")
    with pytest.raises(Rejected) as other:
        life.allow(story.ticket, "closed")
    assert other.value.described is not None
    assert other.value.described.params["advice"] != refused.value.described.params["advice"]


async def test_of_a_closed_ticket_a_late_fact_names_no_team_that_goes_on(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    await desk.ana.post(f"/tickets/{ticket}/close")
    await desk.hear(triage_says("mail"), ticket, "again")
    [ignored] = [e.data for e in desk.log(ticket) if isinstance(e.data, TicketUpdateIgnored)]
    assert ignored.reason.code == "update-ignored.too-late"


async def test_that_a_repair_left_no_evidence_is_for_staff_alone(desk: Desk) -> None:
    left_nothing = escalated(person="ana").model_copy(update={"evidence": ()})
    await desk.hear(left_nothing, "lt-7")
    log = desk.log(proactive_ticket("run-1"))
    [comment] = [event.data for event in log if isinstance(event.data, TicketCommented)]
    assert comment.message is not None
    assert (comment.message.code, comment.public) == ("comment.repair-left-nothing", False)
