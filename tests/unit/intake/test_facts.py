"""What the rest of the desk says of tickets: applied where it can be, kept where it cannot."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from desk_contracts import Event, Payload
from desk_contracts.events.automation import Outcome, RunHealed
from desk_contracts.events.problems import ProblemResolved, ProblemUpdated
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketCommented,
    TicketStarted,
    TicketTriaged,
    TicketUpdateIgnored,
)
from desk_contracts.events.triage import DuplicateFound, TriageDeferred
from desk_contracts.ids import request_ticket_id
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_intake.tickets.evidence import MAX_TEXT, cut
from desk_intake.tickets.inbound import apply_inbound
from desk_intake.tickets.registration import proactive_ticket

from tests.support.intake_facts import escalated, problem
from tests.support.intake_world import MONDAY, Desk, Story, triage_says
from tests.support.spoken import english

MINUTE = timedelta(minutes=1)


def solved(tickets: Iterable[str], resolution: str = "A new gateway") -> ProblemResolved:
    return ProblemResolved(
        service="vpn",
        title=verbatim("The VPN is down"),
        tickets=tuple(tickets),
        people=("ana", "ben"),
        resolution=verbatim(resolution),
    )


def healed() -> RunHealed:
    return RunHealed(run="run-1", runbook="clean-disk", title="Disk of lt-7 is full")


async def test_triage_sorts_and_assigns_with_its_reasons(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    stored = await desk.ticket(ticket)
    assert desk.types(ticket) == ["opened", "triaged", "assigned"]
    assert (stored.state, stored.team, stored.priority) == ("assigned", "network", "P3")
    assert english(stored.timeline[-1].message).endswith("Why: It speaks of the VPN.")
    assert {event.causation_id for event in desk.log(ticket)[1:]} == {
        f"desk.triage.decided.v1/{ticket}/{MONDAY.isoformat()}"
    }


async def test_the_same_decision_again_says_nothing_new(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket, "e-1")
    await desk.hear(triage_says(), ticket, "e-1")
    await desk.hear(triage_says(), ticket, "e-2")
    assert desk.types(ticket) == ["opened", "triaged", "assigned"]


async def test_triage_may_think_again_until_somebody_starts(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket, "e-1")
    await desk.hear(triage_says(team="identity"), ticket, "e-2")
    assert (await desk.ticket(ticket)).team == "identity"
    await desk.max.post(f"/tickets/{ticket}/start")
    await desk.hear(triage_says(team="network"), ticket, "e-3")
    await desk.hear(triage_says(team="network", priority=Priority.P1), ticket, "e-4")
    stored = await desk.ticket(ticket)
    assert (stored.team, stored.state, stored.priority) == ("identity", "in_progress", "P1")
    assert desk.types(ticket)[-2:] == ["update-ignored", "triaged"]


@pytest.mark.parametrize(
    ("service", "priority", "category", "is_new"),
    [
        ("mail", Priority.P3, "vpn", False),
        ("", Priority.P3, "vpn", False),
        ("crm", Priority.P3, "vpn", True),
        ("vpn", Priority.P3, "vpn", True),
        ("mail", Priority.P2, "vpn", True),
        ("mail", Priority.P4, "vpn", True),
        ("mail", Priority.P3, "access", True),
        ("mail", Priority.P3, "wifi", True),
    ],
)
def test_what_triage_says_again_is_no_news(
    story: Story, service: str, priority: Priority, category: str, *, is_new: bool
) -> None:
    """A service that it does not name is the one that is known already."""
    story.then(TicketTriaged(category="vpn", priority=Priority.P3, service="mail"))
    ticket = story.then(TicketAssigned(team="network")).ticket
    decided = triage_says(priority=priority)
    decided = decided.model_copy(update={"service": service, "category": category})
    facts = apply_inbound(ticket, Event("e", "/desk/triage", "t-1", MONDAY, decided))
    assert [type(fact) for fact in facts] == ([TicketTriaged] if is_new else [])


async def test_what_triage_leaves_to_a_person_goes_to_the_named_team(desk: Desk) -> None:
    ticket = await desk.ana.open()
    reason = verbatim("No rule knows it")
    deferred = TriageDeferred(team="service-care", explanation=(reason,), charter="c1")
    await desk.hear(deferred, ticket)
    stored = await desk.ticket(ticket)
    assert (stored.state, stored.team, stored.category) == ("assigned", "service-care", "")
    await desk.max.post(f"/tickets/{ticket}/assign", team="network")
    await desk.hear(deferred, ticket, "later")
    assert (await desk.ticket(ticket)).team == "network"
    assert desk.types(ticket)[-1] == "update-ignored"


async def test_a_problem_is_linked_to_every_ticket_of_it_once(desk: Desk) -> None:
    hers, his = await desk.ana.open(), await desk.ben.open()
    await desk.hear(problem([hers, hers]), "p-1", "e-1")
    update = ProblemUpdated(service="vpn", title=verbatim("The VPN is down"), tickets=(his, hers))
    await desk.hear(update, "p-1", "e-2")
    for ticket in (hers, his):
        assert desk.types(ticket) == ["opened", "linked"]
        assert (await desk.ticket(ticket)).problem == "p-1"
    view = (await desk.ana.get(f"/tickets/{hers}")).json()
    assert view["links"][0]["text"] == "The VPN is down. We repair it."
    assert view["expectation"].startswith("Others have the same trouble")
    ids = {event.id for ticket in (hers, his) for event in desk.log(ticket)}
    assert len(ids) == 4


async def test_a_solved_problem_solves_its_tickets_and_leaves_solved_ones_alone(desk: Desk) -> None:
    hers, his = await desk.ana.open(), await desk.ben.open()
    await desk.ben.post(f"/tickets/{his}/resolve", resolution="Works")
    await desk.hear(problem([hers, his]), "p-1")
    await desk.hear(solved([hers, his], resolution="A new gateway"), "p-1")
    stored = await desk.ticket(hers)
    assert (stored.state, stored.how) == ("resolved", "problem")
    assert stored.resolution == verbatim("A new gateway")
    assert desk.types(his) == ["opened", "resolved", "linked", "update-ignored"]
    assert (await desk.ticket(his)).how == "withdrawn"


async def test_a_duplicate_is_linked_to_what_is_known(desk: Desk) -> None:
    ticket = await desk.ana.open()
    reason = verbatim("Twenty people say the same.")
    await desk.hear(DuplicateFound(problem="p-1", explanation=(reason,)), ticket)
    assert english((await desk.ticket(ticket)).links[0].message) == (
        "We know of this trouble already and work on it: Twenty people say the same."
    )


async def test_the_status_tells_of_open_problems_only(desk: Desk) -> None:
    calm = (await desk.ana.get("/status")).json()
    assert calm["problems"] == []
    assert calm["sentence"].startswith("We know of no trouble")
    await desk.hear(problem(["gone"]), "p-1")
    await desk.hear(
        ProblemUpdated(
            service="vpn", title=verbatim("The VPN is down"), tickets=("other",), people=("cleo",)
        ),
        "p-1",
        "e-2",
    )
    status = (await desk.ana.get("/status")).json()
    (entry,) = status["problems"]
    assert (entry["service_title"], entry["people"], entry["message"]) == (
        "Remote access (VPN)",
        3,
        "We repair it.",
    )
    troubled = [item["name"] for item in status["services"] if item["state"] == "trouble"]
    assert troubled == ["vpn"]
    await desk.hear(solved(["gone"]), "p-1")
    assert (await desk.ana.get("/status")).json()["problems"] == []


async def test_a_problem_met_late_is_still_told(desk: Desk) -> None:
    update = ProblemUpdated(service="erp", title=verbatim("ERP is slow"), people=("ana",))
    await desk.hear(update, "p-2")
    (entry,) = (await desk.ana.get("/status")).json()["problems"]
    assert (entry["title"], entry["people"]) == ("ERP is slow", 1)
    await desk.hear(solved([]), "p-3")
    assert len((await desk.ana.get("/status")).json()["problems"]) == 1


async def test_a_clock_ahead_of_ours_opens_nothing_in_the_future(desk: Desk) -> None:
    data = TicketRequested(requester="ana", title="VPN away")
    await desk.hear_events(Event("r-1", "/crm", "ana", MONDAY + timedelta(days=1), data))
    old = Event("r-2", "/crm", "ana", MONDAY - timedelta(days=400), data)
    await desk.hear_events(old)
    assert (await desk.ticket(request_ticket_id("/crm", "r-1"))).opened_at == MONDAY
    assert (await desk.ticket(request_ticket_id("/crm", "r-2"))).opened_at == old.time


async def test_a_escalated_repair_reaches_its_owner_team_with_the_evidence(desk: Desk) -> None:
    await desk.hear(escalated(person="ana", tell="We look at your disk."), "lt-7")
    ticket = proactive_ticket("run-1")
    assert desk.types(ticket) == ["opened", "linked", "commented", "commented", "assigned"]
    stored = await desk.ticket(ticket)
    assert (stored.kind, stored.requester, stored.team) == ("proactive", "ana", "workplace")
    assert stored.attributes["run"] == "run-1"
    assert stored.runs == ("run-1",)
    hers = (await desk.ana.get(f"/tickets/{ticket}")).json()
    his = (await desk.max.get(f"/tickets/{ticket}")).json()
    assert any("We look at your disk." in line for line in hers["tried"])
    assert not any("freed 10 MB" in line for line in hers["tried"])
    assert any("- clean: done (try 1) freed 10 MB" in line for line in his["tried"])
    commented = [e.data for e in desk.log(ticket) if isinstance(e.data, TicketCommented)]
    assert all(comment.automatic for comment in commented)


async def test_triage_gives_a_escalated_repair_its_priority_but_no_other_team(
    desk: Desk,
) -> None:
    await desk.hear(escalated(), "lt-7")
    ticket = proactive_ticket("run-1")
    await desk.hear(triage_says(team="network"), ticket)
    stored = await desk.ticket(ticket)
    assert (stored.team, stored.priority, stored.requester) == ("workplace", "P3", "workplace")


async def test_a_repair_that_works_after_all_resolves_the_ticket_it_had(desk: Desk) -> None:
    await desk.hear(escalated(), "lt-7", "e-1")
    await desk.hear(healed(), "lt-7", "e-2")
    ticket = proactive_ticket("run-1")
    stored = await desk.ticket(ticket)
    assert (stored.state, stored.how) == ("resolved", "automation")
    await desk.hear(healed(), "lt-7", "e-3")
    assert desk.types(ticket)[-2:] == ["resolved", "update-ignored"]


async def test_a_ticket_says_that_its_escalation_was_wrong(desk: Desk) -> None:
    await desk.hear(escalated(), "lt-7", "e-1")
    late = healed().model_copy(update={"corrects": Outcome.INCONCLUSIVE})
    await desk.hear(late, "lt-7", "e-2")
    stored = await desk.ticket(proactive_ticket("run-1"))
    assert stored.state == "resolved"
    assert english(stored.resolution).startswith("Correction: the automatic repair helped")


async def test_who_starts_a_ticket_is_said_with_its_device(desk: Desk) -> None:
    ticket = await desk.ana.open(device="lt-7")
    await desk.max.post(f"/tickets/{ticket}/start")
    [started] = [e.data for e in desk.log(ticket) if isinstance(e.data, TicketStarted)]
    assert (started.by, started.device) == ("max", "lt-7")


async def test_a_repair_that_was_taken_over_with_a_ticket_is_told_there_and_opens_no_other(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open(device="lt-7")
    await desk.max.post(f"/tickets/{ticket}/start")
    taken = escalated(person="ana").model_copy(update={"ticket": ticket})
    await desk.hear(taken, "lt-7", "e-1")
    await desk.hear(taken, "lt-7", "e-1")
    assert desk.types(ticket)[-2:] == ["linked", "commented"]
    assert desk.types(proactive_ticket("run-1")) == []
    his = (await desk.max.get(f"/tickets/{ticket}")).json()
    assert any("freed 10 MB" in line for line in his["tried"])
    assert (await desk.ticket(ticket)).runs == ("run-1",)


async def test_a_repair_that_was_taken_over_with_a_ticket_that_is_over_is_kept_there(
    desk: Desk,
) -> None:
    ticket = await desk.ana.open(device="lt-7")
    await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="Works")
    await desk.hear(escalated().model_copy(update={"ticket": ticket}), "lt-7")
    assert desk.types(ticket)[-1] == "update-ignored"
    assert desk.types(proactive_ticket("run-1")) == []


async def test_most_repairs_have_no_ticket_and_need_none(desk: Desk) -> None:
    await desk.hear(healed(), "lt-7")
    assert not desk.publisher.messages


async def test_facts_of_tickets_that_nobody_opened_are_left_alone(desk: Desk) -> None:
    await desk.hear(triage_says(), "unknown")
    await desk.hear(solved(["unknown"]), "p-1")
    assert not desk.publisher.messages


@pytest.mark.parametrize("end", ["resolved", "closed", "merged"])
async def test_a_late_fact_is_kept_and_changes_nothing_else(desk: Desk, end: str) -> None:
    ticket, other = await desk.ana.open(), await desk.ana.open()
    if end == "merged":
        await desk.max.post(f"/tickets/{ticket}/merge", into=other)
    else:
        await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="Works")
    if end == "closed":
        await desk.ana.post(f"/tickets/{ticket}/close")
    before = await desk.ticket(ticket)
    facts: tuple[tuple[Payload, str], ...] = (
        (triage_says(), ticket),
        (TriageDeferred(team="network", explanation=(), charter="c"), ticket),
        (solved([ticket]), "p-1"),
    )
    for number, (data, subject) in enumerate(facts):
        await desk.hear(data, subject, f"e-{number}")
    after = await desk.ticket(ticket)
    commented = [e.data for e in desk.log(ticket) if isinstance(e.data, TicketUpdateIgnored)]
    assert [item.fact for item in commented] == [data.TYPE for data, _ in facts]
    assert all("nothing changed" in english(item.reason) for item in commented)
    ignored = {"timeline", "sequence", "updated_at", "commands"}
    assert after.model_dump(exclude=ignored) == before.model_dump(exclude=ignored)
    hers = (await desk.ana.get(f"/tickets/{ticket}/timeline")).json()["entries"]
    assert not [her for her in hers if her["what"] == "update-ignored"]


async def test_a_ticket_never_goes_back_in_time(desk: Desk) -> None:
    ticket = await desk.ana.open()
    desk.clock.advance(10 * MINUTE)
    await desk.ana.post(f"/tickets/{ticket}/comments", text="Still away")
    now: datetime = desk.clock.now()
    await desk.hear_events(Event("e-1", "/desk/triage", ticket, MONDAY + MINUTE, triage_says()))
    assert {event.time for event in desk.log(ticket)[1:]} == {now}


def test_a_text_too_long_for_the_bus_is_shortened_and_says_so() -> None:
    assert cut("short") == "short"
    for text in ("x" * 30_000, "€" * 19_000):
        shortened = cut(text)
        assert len(shortened.encode()) < 41_000
        assert len(shortened) <= MAX_TEXT
        assert shortened.endswith("(shortened)")
