"""The history of one ticket, as measures see it: its facts in the order in which they happened."""

from collections.abc import Sequence
from typing import NamedTuple

from desk_contracts.events.tickets import How

from desk_metrics.measures.contributions import Slice
from desk_metrics.sla.facts import Fact, FactKind, in_order

# Endings beside those that `How` names.
MERGED = "merged"
WITHOUT_HELP = frozenset({How.WITHDRAWN, How.DENIED, MERGED})


class Interval(NamedTuple):
    """The ticket was with the desk: from its opening or a reopening until it was done with."""

    start: int
    end: int | None
    how: str
    # One team, and the employee was not asked and did not have to ask again.
    at_once: bool

    @property
    def is_solved(self) -> bool:
        return self.end is not None and self.how not in WITHOUT_HELP


class TicketHistory(NamedTuple):
    """What of the facts matters to measures."""

    opened: int
    group: str
    priority: str
    slice: Slice
    intervals: tuple[Interval, ...]
    touched: int | None
    handovers: tuple[int, ...]
    # Every team it came to, and when.
    teams: tuple[tuple[int, str], ...] = ()

    @property
    def is_open(self) -> bool:
        return self.intervals[-1].end is None


def read_ticket_history(
    facts: Sequence[Fact], site: str, started: int, now: int
) -> TicketHistory | None:
    """The history up to `now`; None before its beginning is known."""
    ordered = in_order(facts, now)
    if ordered is None:
        return None
    opening, rest = ordered
    builder = _HistoryBuilder(opening, site, started)
    for (at, _), fact in rest:
        if builder.is_merged:
            break
        builder.go(at, fact)
    return builder.history()


class _HistoryBuilder:
    """Builds a history fact by fact; nobody outside this module sees it."""

    def __init__(self, opening: Fact, site: str, started: int) -> None:
        kind, service, group = (value or "" for value in opening.values[:3])
        self.opened, self.group, self.priority = opening.at, group, ""
        self.slice = Slice(kind, service, "", site)
        self.touched = max(started, opening.at) if started else None
        self.intervals: list[Interval] = []
        self.start: int | None = opening.at
        self.at_once = True
        self.handovers: list[int] = []
        self.teams: list[tuple[int, str]] = []
        self.is_merged = False

    def go(self, at: int, fact: Fact) -> None:
        values = fact.values
        match fact.kind:
            case FactKind.CHANGED:
                self.priority = values[0] or self.priority
                self.slice = self.slice._replace(service=values[1] or self.slice.service)
            case FactKind.ASSIGNED:
                self._assign(at, values[0] or "")
            case FactKind.ANSWERED:
                self._touch(at)
            case FactKind.PAUSED | FactKind.QUESTION:
                self.at_once = False
            case FactKind.REOPENED:
                if self.start is None:
                    self.start, self.at_once = (at, False)
            case FactKind.RESOLVED | FactKind.CLOSED | FactKind.MERGED:
                self._finish(at, fact)
            case _:
                pass

    def _touch(self, at: int) -> None:
        self.touched = at if self.touched is None else min(self.touched, at)

    def _assign(self, at: int, team: str) -> None:
        if self.slice.team and team and team != self.slice.team:
            self.handovers.append(at)
            self.at_once = False
        if team and team != (self.teams[-1][1] if self.teams else ""):
            self.teams.append((at, team))
        self.slice = self.slice._replace(team=team)

    def _finish(self, at: int, fact: Fact) -> None:
        self.is_merged = fact.kind is FactKind.MERGED
        if self.start is None:
            return
        how = MERGED if self.is_merged else str(How.MEMBER)
        if fact.kind is FactKind.RESOLVED:
            how = fact.values[0] or how
        if how == How.MEMBER:
            self._touch(at)
        self.intervals.append(Interval(self.start, at, how, self.at_once))
        self.start = None

    def history(self) -> TicketHistory:
        intervals = list(self.intervals)
        if self.start is not None:
            intervals.append(Interval(self.start, None, "", self.at_once))
        return TicketHistory(
            self.opened,
            self.group,
            self.priority,
            self.slice,
            tuple(intervals),
            self.touched,
            tuple(self.handovers),
            tuple(self.teams),
        )
