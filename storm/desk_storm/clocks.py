"""A small reckoning of SLAs from a ticket's own events; calendars are left to those who have
them, so that it judges what is told by when it was due and by when the required action was done.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from desk_contracts import AnyEvent
from desk_contracts.events import sla as said
from desk_contracts.events import tickets as life
from desk_contracts.events.sla import ClockName

from desk_storm.history import History

Key = tuple[str, str, str, int, str]
_TRANSITIONS = (
    said.SlaStarted,
    said.SlaPaused,
    said.SlaResumed,
    said.SlaAtRisk,
    said.SlaBreached,
    said.SlaMet,
    said.SlaCancelled,
)
_Transition = (
    said.SlaStarted
    | said.SlaPaused
    | said.SlaResumed
    | said.SlaAtRisk
    | said.SlaBreached
    | said.SlaMet
    | said.SlaCancelled
)


@dataclass(slots=True)
class Account:
    """All that was said of one SLA, from a start to a withdrawal at most."""

    ticket: str
    clock: ClockName
    cycle: int
    lines: list[tuple[AnyEvent, _Transition]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.ticket} {self.clock} {self.cycle}"

    @property
    def due(self) -> datetime | None:
        """The due moment that was told last."""
        dues = [d.due for _, d in self.lines if hasattr(d, "due")]
        return dues[-1] if dues else None

    @property
    def verdicts(self) -> list[tuple[AnyEvent, said.SlaBreached | said.SlaMet]]:
        """Every time that it was told as met or broken."""
        kinds = (said.SlaBreached, said.SlaMet)
        return [(event, data) for event, data in self.lines if isinstance(data, kinds)]

    @property
    def is_running(self) -> bool:
        """Neither withdrawn nor standing, by what was said."""
        moved = [d for _, d in self.lines if not isinstance(d, said.SlaAtRisk)]
        return bool(moved) and isinstance(moved[-1], said.SlaStarted | said.SlaResumed)


def accounts(history: History) -> Iterator[Account]:
    """What was said of each SLA; an SLA that comes again after its end is another one."""
    for ticket, events in history.slas.items():
        current: dict[Key, Account] = {}
        for event in events:
            data = event.data
            if not isinstance(data, _TRANSITIONS):
                continue
            key = (data.clock, data.policy, data.policy_version, data.cycle, data.team)
            account = current.setdefault(key, Account(ticket, data.clock, data.cycle))
            account.lines.append((event, data))
            if isinstance(data, said.SlaCancelled):
                yield current.pop(key)
        yield from current.values()


@dataclass(frozen=True, slots=True)
class Ending:
    """How the clock ended: done, or cancelled."""

    event: AnyEvent
    at: datetime
    is_done: bool


def ending(history: History, account: Account) -> Ending | None:
    """When a first answer or a resolution was there; None if it is not, or is not reckoned here."""
    events = sorted(
        (item.event for item in history.tickets.get(account.ticket, [])),
        key=lambda event: (event.time, event.sequence or 0),
    )
    if account.clock is ClockName.RESPONSE and account.cycle == 1:
        return _first(_answers(events), events)
    if account.clock is ClockName.RESOLUTION:
        return _first(_resolutions(events, account.cycle), events)
    return None


def is_reckoned(account: Account) -> bool:
    """Whether this reckoning knows when such an SLA ends."""
    is_first = account.clock is ClockName.RESPONSE and account.cycle == 1
    return is_first or account.clock is ClockName.RESOLUTION


def has_waited(history: History, ticket: str) -> bool:
    """Whether the ticket ever waited for somebody."""
    events = history.tickets.get(ticket, [])
    return any(isinstance(item.event.data, life.TicketPaused) for item in events)


def _first(matches: Iterator[tuple[AnyEvent, bool]], events: Sequence[AnyEvent]) -> Ending | None:
    event, is_done = next(matches, (None, False))
    if event is None:
        return None
    opened = [item.time for item in events if isinstance(item.data, life.TicketOpened)]
    return Ending(event, max([event.time, *opened]), is_done)


def _answers(events: Sequence[AnyEvent]) -> Iterator[tuple[AnyEvent, bool]]:
    for event in events:
        data = event.data
        if isinstance(data, life.TicketCommented):
            if data.role is life.Role.MEMBER and data.public and not data.automatic:
                yield event, True
        elif isinstance(data, life.TicketResolved):
            yield event, data.how is life.How.MEMBER
        elif isinstance(data, life.TicketMerged | life.TicketClosed):
            # Who closes what nobody resolved has resolved it.
            yield event, isinstance(data, life.TicketClosed)


def _resolutions(events: Sequence[AnyEvent], cycle: int) -> Iterator[tuple[AnyEvent, bool]]:
    current = 1
    for event in events:
        data = event.data
        if isinstance(data, life.TicketReopened):
            current += 1
        if current != cycle:
            continue
        if isinstance(data, life.TicketMerged):
            yield event, False
        elif isinstance(data, life.TicketResolved):
            yield event, data.how not in (life.How.WITHDRAWN, life.How.DENIED)
        elif isinstance(data, life.TicketClosed):
            yield event, True


@dataclass(frozen=True, slots=True)
class Lateness:
    """How long after the due moment breaches were told, in seconds."""

    count: int
    p50: float
    p99: float
    most: float


def lateness(history: History) -> Lateness:
    """Of breaches whose ticket was known in time; a number to look at, not a law."""
    late: list[float] = []
    for item in history.of(said.SlaBreached):
        events = history.tickets.get(item.event.subject, [])
        due = item.event.data.due
        if not item.event.data.inherited and events and events[0].arrived_at < due:
            late.append((item.arrived_at - due).total_seconds())
    late.sort()
    if not late:
        return Lateness(0, 0.0, 0.0, 0.0)
    return Lateness(
        len(late), late[len(late) // 2], late[min(len(late) - 1, len(late) * 99 // 100)], late[-1]
    )


def stretches(account: Account) -> Iterator[tuple[datetime, datetime, datetime, datetime]]:
    """Each stand of a clock: from when, to when, and the due moments before and after."""
    due = account.due if account.lines else None
    for (before, first), (after, second) in pairwise(account.lines):
        if isinstance(first, said.SlaStarted | said.SlaResumed):
            due = first.due
        is_stand = isinstance(first, said.SlaPaused) and isinstance(second, said.SlaResumed)
        if is_stand and due is not None and (then := getattr(second, "due", None)) is not None:
            yield before.time, after.time, due, then
