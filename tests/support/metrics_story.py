"""Tells a ticket's life in local times, for the tests of SLAs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from desk_charter.calendars import Week, Window
from desk_charter.dated_calendars import ROUND_THE_CLOCK, DatedCalendar
from desk_charter.slas import SlaPolicy
from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import (
    Channel,
    How,
    Kind,
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketTriaged,
    TicketUpdated,
    WaitingFor,
)
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_kernel import Decision
from desk_metrics.sla.decide import decide
from desk_metrics.sla.explanation import Explanation, explain
from desk_metrics.sla.model import TicketClocks, evolve
from desk_metrics.sla.policies import Edition, PolicyBook

RESPONSE, NEXT = ClockName.RESPONSE, ClockName.NEXT_RESPONSE
RESOLUTION, UPDATE, OWNERSHIP = ClockName.RESOLUTION, ClockName.UPDATE, ClockName.OWNERSHIP

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE_HOURS = (Window(opens="09:00", closes="17:00"),)
OFFICE = DatedCalendar(
    name="office",
    title="office",
    zone="Europe/Berlin",
    week=Week(
        mon=OFFICE_HOURS, tue=OFFICE_HOURS, wed=OFFICE_HOURS, thu=OFFICE_HOURS, fri=OFFICE_HOURS
    ),
)
ALWAYS = DatedCalendar(name="always", title="always", zone="Europe/Berlin", week=ROUND_THE_CLOCK)
NEVER = DatedCalendar(name="never", title="never", zone="Europe/Berlin", week=Week())
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
REQUESTER = "ada"


def at(text: str) -> datetime:
    """Local time in Berlin; with no date, Monday 23 November 2026."""
    full = text if "-" in text else f"2026-11-23 {text}"
    return datetime.fromisoformat(full).replace(tzinfo=BERLIN).astimezone(UTC)


def policy(
    clock: ClockName = ClockName.RESOLUTION, minutes: float = 240, **more: object
) -> SlaPolicy:
    """The default of its clock on the office calendar, unless told otherwise."""
    described = {
        "name": f"{clock}-default".replace("_", "-"),
        "title": "What people are told",
        "clock": clock,
        "default": "when" not in more,
        "target": timedelta(minutes=minutes),
        "calendar": "office",
        "warn_at": (),
        "pause_on": tuple(WaitingFor),
        **more,
    }
    return SlaPolicy.model_validate(described)


def edition(*policies: SlaPolicy, since: datetime = BEGINNING, version: str = "v1") -> Edition:
    calendars = (OFFICE, ALWAYS, NEVER)
    return Edition(version=version, since=since, policies=policies, calendars=calendars)


def book(*policies: SlaPolicy) -> PolicyBook:
    return PolicyBook([edition(*policies)])


class Story:
    """Events of one ticket, numbered as told; times are local (see `at`)."""

    def __init__(
        self,
        opened: str = "09:00",
        *,
        kind: Kind = Kind.INCIDENT,
        service: str = "",
        group: str = "",
        requester: str = REQUESTER,
        device: str = "",
    ) -> None:
        self.events: list[AnyEvent] = []
        self.ticket = "ticket-1"
        self.say(
            opened,
            TicketOpened(
                code="K7M2-Q9PG",
                kind=kind,
                title="No mail",
                requester=requester,
                device=device,
                channel=Channel.PORTAL,
                service=service,
                group=group,
            ),
        )

    def say(self, when: str, data: Payload) -> "Story":
        number = len(self.events) + 1
        event = Event(f"event-{number}", "/desk/intake", self.ticket, at(when), data, number)
        self.events.append(event)
        return self

    def triaged(self, when: str, priority: str, service: str = "") -> "Story":
        data = TicketTriaged(category="mail", priority=Priority(priority), service=service)
        return self.say(when, data)

    def priority(self, when: str, priority: str) -> "Story":
        return self.say(when, TicketUpdated(by="bo", priority=Priority(priority)))

    def retitled(self, when: str) -> "Story":
        return self.say(when, TicketUpdated(by="bo", title="Still no mail"))

    def assigned(self, when: str, team: str) -> "Story":
        return self.say(when, TicketAssigned(team=team))

    def paused(self, when: str, waiting_for: str = "employee") -> "Story":
        return self.say(when, TicketPaused(waiting_for=WaitingFor(waiting_for), by="bo"))

    def resumed(self, when: str) -> "Story":
        return self.say(when, TicketResumed(by="bo"))

    def question(self, when: str, **more: bool) -> "Story":
        comment = TicketCommented(by=REQUESTER, role=Role.EMPLOYEE, text="?")
        return self.say(when, comment.model_copy(update=more))

    def answered(self, when: str, role: Role = Role.MEMBER, **more: bool) -> "Story":
        comment = TicketCommented(by="bo", role=role, text="!")
        return self.say(when, comment.model_copy(update=more))

    def resolved(self, when: str, how: How = How.MEMBER) -> "Story":
        return self.say(when, TicketResolved(by="bo", how=how, resolution=verbatim("done")))

    def reopened(self, when: str, by: str = REQUESTER) -> "Story":
        return self.say(when, TicketReopened(by=by, reason="not done"))

    def closed(self, when: str) -> "Story":
        return self.say(when, TicketClosed(by="bo"))

    def merged(self, when: str, into: str = "ticket-2") -> "Story":
        return self.say(when, TicketMerged(into=into, by="bo"))

    def clocks(self, events: Iterable[AnyEvent] | None = None) -> TicketClocks:
        history = self.events if events is None else events
        return reduce(evolve, history, TicketClocks(ticket=self.ticket))

    def decide(self, policies: PolicyBook, now: str) -> Decision[TicketClocks]:
        return decide(self.clocks(), policies, at(now))

    def explain(self, policies: PolicyBook, now: str) -> tuple[Explanation, ...]:
        return explain(self.clocks(), policies, at(now))

    def due(self, policies: PolicyBook, now: str, clock: ClockName = ClockName.RESOLUTION) -> str:
        """The due time, local, of the newest SLA of a clock."""
        explained = [item for item in self.explain(policies, now) if item.clock is clock]
        return local(explained[-1].due)


def local(moment: datetime | None) -> str:
    """`Tue 09:15`, with seconds where there are any, in Berlin's time."""
    if moment is None:
        return "none"
    there = moment.astimezone(BERLIN)
    return f"{there:%a %H:%M:%S}" if there.second else f"{there:%a %H:%M}"


def transitions(events: Iterable[Event[Payload]], clock: ClockName | None = None) -> list[str]:
    """Each SLA event as `resolution breached Mon 11:00`."""
    return [
        f"{data['clock']} {event.type.split('.')[2]} {local(event.time)}"
        for event in events
        if (data := event.data.model_dump()) and clock in {None, data["clock"]}
    ]


def urgent(minutes: float = 240, **more: object) -> PolicyBook:
    """Eight hours for all, but fewer for P1."""
    special = policy(RESOLUTION, minutes, name="urgent", when={"priorities": ["P1"]}, **more)
    return book(special, policy(minutes=480))
