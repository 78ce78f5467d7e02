"""What the audience knows: a fold of every event on the desk's topics. Pure."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.events import automation as repairs
from desk_contracts.events import requests, sla, telemetry, tickets
from desk_contracts.events.notifications import Audience, Notified
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_platform.terminal import spoken_here


@dataclass
class Ticket:
    """A ticket as the board shows it."""

    id: str
    code: str
    title: str
    state: str = "new"
    team: str = ""
    priority: str = ""
    kind: str = ""
    requester: str = ""


@dataclass
class Repair:
    """A runbook's run as the board shows it."""

    target: str
    title: str
    state: str = "running"
    team: str = ""
    evidence: int = 0


@dataclass
class Watched:
    """Everything seen so far."""

    run: str
    levels: dict[str, float] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)
    repairs: dict[str, Repair] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    problems: dict[str, tuple[str, set[str], bool]] = field(default_factory=dict)
    slas: Counter[str] = field(default_factory=Counter)
    told_people: set[str] = field(default_factory=set)
    messages: Counter[str] = field(default_factory=Counter)
    team_messages: Counter[str] = field(default_factory=Counter)
    updates: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=9))
    seen: set[str] = field(default_factory=set)
    kinds: set[tuple[str, str]] = field(default_factory=set)

    def open_problems(self) -> list[str]:
        """Ids of problems that nobody has declared over."""
        return [id for id, (_, _, is_over) in self.problems.items() if not is_over]

    def add(self, event: AnyEvent) -> None:
        """One event; the bus may show it twice, the board counts it once."""
        if event.identity in self.seen:
            return
        self.seen.add(event.identity)
        self.kinds.add((event.type.rpartition(".v")[0], event.subject))
        match event.data:
            case telemetry.Measured():
                self.levels[event.subject] = event.data.value
            case SignalRaised() | SignalCleared():
                self._signal(event.subject, event.data, event.time)
            case ProblemDetected() | ProblemUpdated() | ProblemResolved():
                self._problem(event.subject, event.data, event.time)
            case Notified():
                self._count_message(event.data)
            case _:
                self._rest(event)

    def _rest(self, event: AnyEvent) -> None:
        if event.topic == requests.TicketRequested.TOPIC:
            return
        if event.topic == tickets.TicketOpened.TOPIC:
            self._ticket(event)
        elif event.topic == sla.SlaMet.TOPIC:
            self._sla(event)
        elif event.topic == repairs.RunStarted.TOPIC:
            self._repair(event)

    def _signal(self, subject: str, data: SignalRaised | SignalCleared, at: datetime) -> None:
        if isinstance(data, SignalRaised):
            self.signals[f"{subject} {data.signal}"] = "open"
            self.updates.append((at, f"seen: {data.title}"))
        else:
            self.signals[f"{subject} {data.signal}"] = "cleared"

    def _repair(self, event: AnyEvent) -> None:
        match event.data:
            case repairs.RunStarted(run=run, title=title):
                self.repairs[run] = Repair(event.subject, title)
            case repairs.RunHealed(run=run):
                self._end_repair(run, event, "healed", "")
            case repairs.RunEscalated(run=run, team=team, evidence=evidence):
                self._end_repair(run, event, "escalated", team)
                self.repairs[run].evidence = len(evidence)
            case _:
                return

    def _end_repair(self, run: str, event: AnyEvent, state: str, team: str) -> None:
        repair = self.repairs.setdefault(run, Repair(event.subject, ""))
        repair.state, repair.team = state, team
        to = f" to {team}" if team else ""
        self.updates.append((event.time, f"repair of {event.subject}: {state}{to}"))

    def _ticket(self, event: AnyEvent) -> None:
        data = event.data
        if isinstance(data, tickets.TicketOpened):
            self.tickets[event.subject] = Ticket(
                event.subject, data.code, data.title, kind=data.kind, requester=data.requester
            )
        ticket = self.tickets.get(event.subject)
        if ticket is None:
            return
        match data:
            case tickets.TicketTriaged():
                ticket.state, ticket.priority = "triaged", data.priority
            case tickets.TicketAssigned():
                ticket.state, ticket.team = "assigned", data.team
            case tickets.TicketStarted():
                ticket.state = "in progress"
            case tickets.TicketResolved():
                ticket.state = "resolved"
                self.updates.append((event.time, f"{ticket.code} resolved: {ticket.title}"))
            case _:
                return

    def _problem(
        self,
        problem: str,
        data: ProblemDetected | ProblemUpdated | ProblemResolved,
        at: datetime,
    ) -> None:
        title, members, _ = self.problems.get(
            problem, (spoken_here().render(data.title), set(), False)
        )
        is_over = isinstance(data, ProblemResolved)
        self.problems[problem] = (title, members | set(data.tickets), is_over)
        if isinstance(data, ProblemDetected):
            self.updates.append((at, f"one problem: {title} ({len(data.tickets)} tickets)"))

    def _sla(self, event: AnyEvent) -> None:
        name = event.type.removeprefix("desk.sla.").rpartition(".v")[0]
        self.slas[name] += 1
        if isinstance(event.data, sla.SlaBreached):
            code = self.tickets[event.subject].code if event.subject in self.tickets else ""
            self.updates.append((event.time, f"SLA breached: {event.data.clock} of {code}"))

    def _count_message(self, data: Notified) -> None:
        self.messages[data.kind] += 1
        if data.audience is Audience.PERSON:
            self.told_people.add(data.recipient)
        else:
            self.team_messages[data.recipient] += 1
