"""A ticket is decided once; what people decide otherwise is kept and never fought."""

from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.events.triage import TriageDecided, TriageDeferred
from desk_contracts.message import verbatim
from desk_contracts.value_types import Level, Priority
from desk_triage.routing.model import MAX_CORRECTIONS, Ticket

from tests.support.triage_desk import TriageDesk, at, event, opened


async def ticket(desk: TriageDesk, id: str) -> Ticket:
    state = (await desk.tickets.load([id]))[id].state
    assert state is not None
    return state


async def test_a_ticket_is_decided_once_however_often_it_arrives() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first)
    await desk.feed(first, first)
    (decision,) = desk.emitted(TriageDecided)
    assert decision.subject == first.subject
    assert decision.time == first.time
    assert decision.causation_id == first.id


async def test_what_is_unclear_is_deferred_to_the_default_team() -> None:
    desk = TriageDesk()
    await desk.feed(opened("Hilfe"))
    (deferred,) = desk.emitted(TriageDeferred)
    assert isinstance(deferred.data, TriageDeferred)
    assert deferred.data.team == "service-care"
    assert not desk.emitted(TriageDecided)


async def test_another_team_chosen_by_a_person_is_a_correction_and_brings_no_new_decision() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first)
    await desk.feed(
        event(first.subject, TicketAssigned(team="network", member="network-1"), 1, 2),
        event(first.subject, TicketAssigned(team="workplace", previous_team="network"), 2, 3),
    )
    state = await ticket(desk, first.subject)
    (correction,) = state.corrections
    assert (correction.field, correction.decided, correction.corrected) == (
        "team",
        "network",
        "workplace",
    )
    assert state.team == "workplace"
    assert len(desk.emitted(TriageDecided)) == 1


async def test_triages_own_word_coming_back_is_no_correction() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first)
    (decision,) = desk.emitted(TriageDecided)
    assert isinstance(decision.data, TriageDecided)
    back = TicketTriaged(category="vpn", priority=decision.data.priority, service="vpn")
    await desk.feed(event(first.subject, back, 1, 2))
    assert (await ticket(desk, first.subject)).corrections == ()


async def test_what_intake_took_over_otherwise_is_a_correction_of_each_fact() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first)
    other = TicketTriaged(category="wifi", priority=Priority.P1, service="wifi")
    await desk.feed(event(first.subject, other, 1, 2))
    state = await ticket(desk, first.subject)
    assert [(item.field, item.decided, item.corrected) for item in state.corrections] == [
        ("category", "vpn", "wifi"),
        ("priority", "P3", "P1"),
        ("service", "vpn", "wifi"),
    ]
    assert {(item.by, item.at) for item in state.corrections} == {("", at(1))}


async def test_each_fact_that_a_person_changes_is_a_correction_and_what_stays_is_none() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first)
    same = TicketUpdated(by="ben", service="vpn", priority=Priority.P3)
    await desk.feed(event(first.subject, same, 1, 2))
    assert (await ticket(desk, first.subject)).corrections == ()
    update = TicketUpdated(
        by="ben", service="wifi", priority=Priority.P2, impact=Level.HIGH, urgency=Level.LOW
    )
    await desk.feed(event(first.subject, update, 2, 3))
    state = await ticket(desk, first.subject)
    assert [(item.field, item.decided, item.corrected) for item in state.corrections] == [
        ("service", "vpn", "wifi"),
        ("priority", "P3", "P2"),
        ("impact", "", "high"),
        ("urgency", "", "low"),
    ]


async def test_corrected_facts_are_kept_up_to_a_bound() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first)
    for number in range(MAX_CORRECTIONS + 5):
        update = TicketUpdated(by="ben", service=f"service-{number}")
        await desk.feed(event(first.subject, update, number, number + 2))
    state = await ticket(desk, first.subject)
    assert len(state.corrections) == MAX_CORRECTIONS
    assert state.corrections[-1].by == "ben"


async def test_a_member_holds_a_ticket_only_while_it_is_open() -> None:
    desk = TriageDesk()
    first = opened("VPN does not connect")
    await desk.feed(first, event(first.subject, TicketAssigned(team="network", member="m"), 1, 2))
    assert len(await desk.tickets.find({"held": True})) == 1
    await desk.feed(event(first.subject, TicketResolved(by="m", resolution=verbatim("done")), 2, 3))
    assert await desk.tickets.find({"held": True}) == []
    await desk.feed(event(first.subject, TicketReopened(by="ana", reason="no"), 3, 4))
    assert len(await desk.tickets.find({"held": True})) == 1
