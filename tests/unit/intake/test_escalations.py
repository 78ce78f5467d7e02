"""What intake makes of an escalation and of a repetition, as far as the ticket still allows it."""

from datetime import UTC, datetime

import pytest
from desk_contracts import Event, Payload
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    LinkKind,
    State,
    TicketAssigned,
    TicketEscalated,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    TicketUpdateIgnored,
)
from desk_contracts.events.triage import EscalationDecided, RepetitionFound
from desk_contracts.message import message
from desk_contracts.value_types import Priority
from desk_intake.tickets.evolve import replay
from desk_intake.tickets.inbound import apply_inbound
from desk_intake.tickets.model import Ticket

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
CHOSEN = (message("routing.decided-by-person", by="ned"),)


def event(data: Payload, number: int = 1, subject: str = "t-1") -> Event[Payload]:
    return Event(f"e-{number}", "/somewhere", subject, AT, data, number)


def ticket(*life: Payload, id: str = "t-1") -> Ticket:
    opened = TicketOpened(
        code="ABC", kind=Kind.INCIDENT, title="VPN", requester="ana", channel=Channel.PORTAL
    )
    triaged = TicketTriaged(category="vpn", priority=Priority.P3, service="vpn")
    assigned = TicketAssigned(team="network", member="network-1", explanation=CHOSEN)
    events = (opened, triaged, assigned, *life)
    state = replay(event(data, number, id) for number, data in enumerate(events, 1))
    assert state is not None
    return state


def escalation(**more: object) -> Event[Payload]:
    data = EscalationDecided(
        policy="late", clock=ClockName.RESPONSE, explanation=(), charter="c"
    ).model_copy(update=more)
    return event(data)


def test_the_priority_rises_and_the_next_who_has_room_is_asked() -> None:
    before = ticket()
    fact = escalation(
        is_offered=True, offered_to=("network-1", "network-2"), priority=Priority.P2, owner="care"
    )
    triaged, assigned, escalated = apply_inbound(before, fact)
    assert isinstance(triaged, TicketTriaged)
    assert (triaged.priority, triaged.category, triaged.service) == (Priority.P2, "vpn", "vpn")
    assert isinstance(assigned, TicketAssigned)
    assert (assigned.team, assigned.member) == ("network", "network-2")
    assert isinstance(escalated, TicketEscalated)
    assert escalated.owner == "care"
    after = ticket(triaged, assigned, escalated)
    assert (after.priority, after.member, after.state) == (Priority.P2, "network-2", State.ASSIGNED)
    # That a person chose the team is not forgotten with the member.
    assert after.is_team_fixed
    assert after.timeline[-1].public is False


def test_nobody_with_room_means_all_of_the_team() -> None:
    (assigned, _) = apply_inbound(ticket(), escalation(is_offered=True))
    assert isinstance(assigned, TicketAssigned)
    assert (assigned.team, assigned.member) == ("network", "")


@pytest.mark.parametrize(
    ("life", "more", "code"),
    [
        (TicketStarted(by="network-1"), {"is_offered": True}, "escalation.work-begun"),
        (
            TicketUpdated(by="ned", priority=Priority.P3),
            {"priority": Priority.P2},
            "escalation.priority-kept",
        ),
    ],
)
def test_what_people_did_stays(life: Payload, more: dict[str, object], code: str) -> None:
    (escalated,) = apply_inbound(ticket(life), escalation(**more))
    assert isinstance(escalated, TicketEscalated)
    assert [item.code for item in escalated.explanation] == [code]


def test_a_priority_never_falls_by_it() -> None:
    (escalated,) = apply_inbound(ticket(), escalation(priority=Priority.P4))
    assert isinstance(escalated, TicketEscalated)


def test_too_late_it_is_kept_and_changes_nothing() -> None:
    merged = ticket(TicketMerged(into="t-2", by="ned"))
    (ignored,) = apply_inbound(merged, escalation(is_offered=True))
    assert isinstance(ignored, TicketUpdateIgnored)


@pytest.mark.parametrize(
    ("is_exact", "later", "earlier"),
    [
        (True, "link.repeats", "link.repeated-by"),
        (False, "link.resembles", "link.resembled-by"),
    ],
)
def test_both_tickets_of_the_person_say_so(is_exact: bool, later: str, earlier: str) -> None:
    data = RepetitionFound(
        code="NEW", of="t-0", of_code="OLD", is_exact=is_exact, likeness=0.9, explanation=()
    )
    for id, target, code, named in (("t-1", "t-0", later, "OLD"), ("t-0", "t-1", earlier, "NEW")):
        before = ticket(id=id)
        (linked,) = apply_inbound(before, event(data))
        assert isinstance(linked, TicketLinked)
        assert (linked.kind, linked.target) == (LinkKind.TICKET, target)
        assert linked.message == message(code, code=named)
        assert apply_inbound(ticket(linked, id=id), event(data)) == []


def test_a_merge_is_still_told_where_a_repetition_was() -> None:
    repeated = message("link.repeated-by", code="NEW")
    earlier = ticket(TicketLinked(kind=LinkKind.TICKET, target="t-1", message=repeated), id="t-0")
    merged = event(TicketMerged(into="t-0", by="max", code="NEW", title="x"))
    (linked,) = apply_inbound(earlier, merged)
    assert isinstance(linked, TicketLinked)
    assert linked.message is not None
    assert linked.message.code == "link.merged-in"
    assert apply_inbound(ticket(linked, id="t-0"), merged) == []
