"""Tickets as employees and staff see them, and how they begin: stories with every field."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from desk_contracts import Event, Payload
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import (
    Kind,
    LinkKind,
    ResolutionCode,
    Role,
    TicketAlsoAffected,
    TicketAttached,
    TicketClosed,
    TicketCommented,
    TicketConfirmed,
    TicketEscalated,
    TicketLinked,
    TicketOpened,
    TicketPaused,
    TicketPersonRequested,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    TicketUpdateIgnored,
    TicketWatcherAdded,
    TicketWatcherRemoved,
    WaitingFor,
)
from desk_contracts.message import verbatim
from desk_contracts.messages import catalogue
from desk_contracts.value_types import Level, Priority
from desk_intake.tickets.evolve import evolve
from desk_intake.tickets.forecast import Forecast
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.outlook import Outlook
from desk_intake.tickets.registration import from_request, from_run, from_taken_run
from desk_intake.tickets.sla import SlaView, TicketSla
from desk_intake.tickets.view import Reader, show, timeline

from tests.support.golden import Stories, describe, describe_fields, number_ids
from tests.support.intake_decisions import ASSIGNED, DUE, LATE, RESOLVED, SOON, name_fact
from tests.support.intake_facts import escalated
from tests.support.intake_world import MONDAY, Story

_ATTACHED: dict[str, Any] = {
    "size": 9,
    "media_type": "text/plain",
    "dataref": "/x",
    "sha256": "f" * 64,
    "by": "ana",
}


_LIFE: Sequence[Payload] = (
    TicketTriaged(
        category="vpn", priority=Priority.P2, service="vpn", explanation=(verbatim("VPN"),)
    ),
    ASSIGNED,
    TicketWatcherAdded(person="ben", by="ana"),
    TicketWatcherAdded(person="cem", by="ana"),
    TicketWatcherRemoved(person="ben", by="ben"),
    TicketAlsoAffected(person="dan", by="dan"),
    TicketPersonRequested(by="ana", text="Call me"),
    TicketCommented(by="max", role=Role.MEMBER, text="For us", public=False),
    TicketCommented(by="max", role=Role.MEMBER, text="We look"),
    TicketCommented(
        by="desk", role=Role.AUTOMATION, message=verbatim("Freed 1 MB"), automatic=True
    ),
    TicketAttached(attachment="a-1", name="a.txt", role=Role.EMPLOYEE, **_ATTACHED),
    TicketAttached(attachment="a-2", name="b.txt", role=Role.MEMBER, public=False, **_ATTACHED),
    TicketLinked(kind=LinkKind.PROBLEM, target="p-1", message=verbatim("The VPN is down")),
    TicketLinked(kind=LinkKind.RUN, target="run-1", message=verbatim("Tried"), by="max"),
    TicketLinked(kind=LinkKind.PROBLEM, target="p-2"),
    TicketStarted(by="ned"),
    TicketPaused(waiting_for=WaitingFor.VENDOR, by="ned", until=LATE),
    TicketResumed(by="ned"),
    TicketEscalated(policy="late", owner="crm", explanation=(verbatim("Late"),)),
    TicketUpdated(by="max", title="VPN away", impact=Level.HIGH, priority=Priority.P1),
    TicketUpdateIgnored(fact="desk.x.v1", reason=verbatim("Too late")),
    RESOLVED.model_copy(update={"code": ResolutionCode.FIXED}),
    TicketReopened(by="ana", reason="No."),
    TicketResolved(by="ned", resolution=verbatim("New cable"), cause="Old"),
    TicketConfirmed(by="ana", resolution=25),
    TicketClosed(by="desk"),
)


def tell_lives() -> str:
    """Tickets with everything that can happen to one, as employees and staff see them."""
    parts = []
    for kind in (Kind.INCIDENT, Kind.PROACTIVE):
        story = Story.begin(kind)
        shown = {0, 1, 2, 9, 16, 17, 22, 23, 24, 25, 26}
        parts += [_show(story.ticket, 0)] if kind is Kind.INCIDENT else []
        for number, data in enumerate(_LIFE, 1):
            story.then(data)
            if number in shown and (kind is Kind.INCIDENT or number == len(_LIFE)):
                parts.append(_show(story.ticket, number))
        parts += [f"=== {kind}\n", describe(story.ticket, "timeline")]
    return number_ids("".join(parts))


_SLAS = (
    TicketSla(ticket="t-1"),
    TicketSla(ticket="t-1", is_known=False),
    *(
        TicketSla(
            ticket="t-1",
            clocks=(
                SlaView(clock="ownership", status="running", due=SOON),
                SlaView(clock="response", status="met", due=SOON),
                SlaView(clock="resolution", status=status, due=due),
            ),
        )
        for status in ("running", "at_risk", "breached")
        for due in (DUE, None)
    ),
)


_OUTLOOKS = (
    Outlook(),
    Outlook(Forecast(status="unknown", ahead=2), Forecast(status="unknown")),
    Outlook(
        Forecast(status="known", earliest=SOON, solved=12),
        Forecast(status="known", earliest=SOON, median=DUE, solved=11),
    ),
    Outlook(
        Forecast(status="known", earliest=SOON, latest=LATE, solved=12),
        Forecast(status="known", earliest=SOON, median=DUE, latest=LATE, solved=11),
    ),
)


def _show(ticket: Ticket, number: int) -> str:
    """The whole view in turn for each reader; of the others what changes with the SLA."""
    titles, close_after = {"network": "Network"}, timedelta(days=5)
    english, german = (
        Reader(sees, titles, close_after, catalogue(language))
        for sees, language in ((False, "en"), (True, "de"))
    )
    reader = german if number % 2 else english
    view = show(ticket, _SLAS[2], reader, _OUTLOOKS[number % 4])
    parts = [f"=== {number}\n", describe(view)]
    for sla in _SLAS:
        other = show(ticket, sla, english)
        parts.append(f"  {other.state_in_words} | {other.expectation} | {other.next_step}\n")
    lines, more = timeline(ticket, reader, after=1, limit=4)
    parts.append(f"  {more} {[entry.what for entry in lines.entries]}\n")
    return "".join(parts)


def tell_beginnings() -> str:
    """Tickets that other systems ask for, and those of repairs that did not work."""
    request = TicketRequested(
        title="Badge",
        description="x" * 20_000,
        requester="Ana@Desk.example",
        service="doors",
        device="d-1",
        site="Kiel",
        language="de",
        impact=Level.LOW,
        urgency=Level.HIGH,
        attributes={"floor": "3"},
    )
    parts = []
    data = escalated("ana", "Sorry")
    for events in (
        from_request(request, "CODE", ("title",), "2026"),
        from_run(Event("f", "/test", "lt-7", MONDAY, data), data, "CODE"),
        from_run(Event("f", "/test", "lt-7", MONDAY, escalated()), escalated(), "CODE"),
        from_taken_run(data),
    ):
        ticket: Ticket | None = None
        for number, payload in enumerate(events, 1):
            shortened = {
                name: f"{len(value)} letters"
                if isinstance(value, str) and len(value) > 999
                else value
                for name, value in payload.model_dump(mode="json", exclude_defaults=True).items()
            }
            parts.append(f"{name_fact(payload)}\n{describe_fields(shortened)}")
            if ticket is not None or isinstance(payload, TicketOpened):
                ticket = evolve(ticket, Event("e", "/test", "t-1", MONDAY, payload, number))
    return number_ids("".join(parts))


STORIES: Stories = {"lives": tell_lives, "beginnings": tell_beginnings}
