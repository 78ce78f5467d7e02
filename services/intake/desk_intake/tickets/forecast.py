"""When a ticket will be solved, honestly: by how long the same team's latest tickets took.

The estimate of Kaplan and Meier (1958) of how long tickets last, for those that lasted as long as
this one already. Tickets that are open count as well, as lasting at least until now: without them
a team that falls behind would look quick. What was withdrawn, merged or ended with a problem counts
until then and as not solved. Durations are by the calendar: nights and waits are in them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from desk_contracts.events.tickets import How, Kind
from desk_contracts.value_types import Priority

from desk_intake.tickets.model import Part, Ticket

# With fewer solved tickets that lasted as long nothing is said.
LEAST_SOLVED = 10
# Four of five are to end between the two moments: one of ten before, one of ten after.
SHARE = 0.8
_LOW, _MEDIAN, _HIGH = 0.1, 0.5, 0.9
_STEP = timedelta(minutes=5)
_NEVER_ASKED = frozenset({How.PROBLEM, How.WITHDRAWN})


class PastTicket(NamedTuple):
    """What is known of one ticket of a team: when it began, and when and how it ended."""

    opened_at: datetime
    ended_at: datetime | None
    is_solved: bool
    category: str = ""
    priority: Priority | None = None
    # When a person was asked for, and when one answered.
    person_requested_at: datetime | None = None
    person_answered_at: datetime | None = None


class Forecast(Part):
    """What is expected, and of how many tickets that was learned."""

    status: Literal["known", "unknown"]
    earliest: datetime | None = None
    """One of ten tickets like it was solved before."""
    median: datetime | None = None
    """Half of them were; null if not so many are solved."""
    latest: datetime | None = None
    """Nine of ten were; null if not so many are solved: it may take longer than is known."""
    share: float = SHARE
    """How many are to be solved between `earliest` and `latest`."""
    solved: int = 0
    """Of how many solved tickets that lasted as long this was learned."""
    basis: Literal["", "category", "team"] = ""
    """Whose tickets they were: the team's of this category, or all of the team's."""
    ahead: int | None = None
    """How many of the team's open tickets are older and as urgent or more; null without a team."""


UNKNOWN = Forecast(status="unknown")


@dataclass(frozen=True, slots=True)
class TeamPast:
    """The latest tickets of a team, open ones among them, all that began after one moment.

    `older` are open ones that began before it: they count in the queue and teach nothing. None if
    there are more than are read.
    """

    tickets: tuple[PastTicket, ...] = ()
    older: tuple[PastTicket, ...] | None = ()

    @property
    def queue(self) -> tuple[PastTicket, ...] | None:
        """All that are open now; None if they are too many to be read."""
        if self.older is None:
            return None
        return tuple(item for item in (*self.older, *self.tickets) if item.ended_at is None)

    @property
    def person_requests(self) -> "TeamPast":
        """The waits of those who asked for a person, each as what a ticket is: open until answered.

        A ticket that ended before anybody answered waited until then, and was not answered.
        """
        older = None if self.older is None else tuple(_list_waits(self.older))
        return TeamPast(tuple(_list_waits(self.tickets)), older)

    def look_from(self, moment: datetime) -> "TeamPast":
        """What was known then: what ended later was open."""
        return TeamPast(
            tuple(
                item
                if item.ended_at is None or item.ended_at <= moment
                else item._replace(ended_at=None)
                for item in self.tickets
                if item.opened_at < moment
            )
        )


def _list_waits(tickets: Iterable[PastTicket]) -> Iterator[PastTicket]:
    for item in tickets:
        requested_at, answered_at = item.person_requested_at, item.person_answered_at
        if requested_at is not None:
            yield PastTicket(requested_at, answered_at or item.ended_at, answered_at is not None)


def past_of(ticket: Ticket) -> PastTicket | None:
    """What a ticket teaches; None of those that nobody asked for."""
    if ticket.kind is Kind.PROACTIVE:
        return None
    ended_at = None if ticket.is_open else ticket.resolved_at or ticket.updated_at
    is_solved = ticket.resolved_at is not None and ticket.how not in _NEVER_ASKED
    return PastTicket(
        ticket.opened_at,
        ended_at,
        is_solved,
        ticket.category,
        ticket.priority,
        ticket.person_requested_at,
        ticket.person_answered_at,
    )


def foresee(ticket: PastTicket, past: TeamPast, now: datetime) -> Forecast:
    """When an open ticket will be solved, as its team's past says at this moment."""
    age = now - ticket.opened_at
    ahead = (
        None
        if past.queue is None
        else sum(
            item.opened_at < ticket.opened_at and _rank(item.priority) <= _rank(ticket.priority)
            for item in past.queue
        )
    )
    alike = [item for item in past.tickets if ticket.category == item.category != ""]
    for basis, sample in (("category", alike), ("team", past.tickets)):
        spans = _Spans.of(sample, now, age)
        if spans.solved >= LEAST_SOLVED:
            return Forecast.model_validate(
                {
                    "status": "known",
                    "earliest": _at(ticket.opened_at, spans.quantile(_LOW), is_first=True),
                    "median": _at(ticket.opened_at, spans.quantile(_MEDIAN)),
                    "latest": _at(ticket.opened_at, spans.quantile(_HIGH)),
                    "solved": spans.solved,
                    "basis": basis,
                    "ahead": ahead,
                }
            )
    return UNKNOWN.model_copy(update={"ahead": ahead})


def _rank(priority: Priority | None) -> str:
    """P1 before P2; what has none yet comes last."""
    return "P9" if priority is None else priority.value


def _at(opened_at: datetime, span: timedelta | None, *, is_first: bool = False) -> datetime | None:
    """To five minutes, the first moment before and the others after: more would pretend to know."""
    if span is None:
        return None
    moment = opened_at + span
    over = timedelta(seconds=moment.timestamp() % _STEP.total_seconds())
    if is_first:
        return moment - over
    return moment + (_STEP - over if over else timedelta(0))


@dataclass(frozen=True, slots=True)
class _Spans:
    """How long tickets lasted that lasted longer than an age: sorted, with whether they ended."""

    spans: Sequence[tuple[timedelta, bool]]
    solved: int

    @classmethod
    def of(cls, tickets: Sequence[PastTicket], now: datetime, age: timedelta) -> "_Spans":
        spans = sorted(
            (span, item.is_solved and item.ended_at is not None)
            for item in tickets
            if (span := (item.ended_at or now) - item.opened_at) > age
        )
        return cls(spans, sum(is_solved for _, is_solved in spans))

    def quantile(self, share: float) -> timedelta | None:
        """The span within which so many are solved; None if that cannot be told."""
        lasting = 1.0
        at_risk = len(self.spans)
        for span, is_solved in self.spans:
            if is_solved:
                lasting *= 1 - 1 / at_risk
                if lasting <= 1 - share + 1e-9:
                    return span
            at_risk -= 1
        return None


class ForecastRecord(Part):
    """What would have been said of past tickets when they were opened, and what came."""

    within: int = 0
    """Solved between the earliest and the latest moment."""
    earlier: int = 0
    """Solved before the earliest."""
    later: int = 0
    """Solved after the latest, or open although it has passed."""
    not_known_yet: int = 0
    """Open, and the latest moment is still to come."""
    open_ended: int = 0
    """No latest moment was said, so that nothing can be compared."""
    nothing_said: int = 0
    """Too little was known to say anything."""

    @property
    def coverage(self) -> float | None:
        """The share of those within, of all whose end is known; None without any."""
        whole = self.within + self.earlier + self.later
        return self.within / whole if whole else None


def look_back(past: TeamPast, now: datetime, most: int = 100) -> ForecastRecord:
    """The forecast of each of the latest tickets, made of what was known then, and what came.

    Nothing that came later is in any of them: each sees only what had begun and ended by then.
    """
    counts = dict.fromkeys(ForecastRecord.model_fields, 0)
    latest = sorted(past.tickets, key=lambda item: item.opened_at)[-most:]
    for ticket in latest:
        if ticket.ended_at is not None and not ticket.is_solved:
            continue  # withdrawn, merged or ended with a problem: that was not what was said
        forecast = foresee(ticket, past.look_from(ticket.opened_at), ticket.opened_at)
        counts[_verdict(forecast, ticket, now)] += 1
    return ForecastRecord(**counts)


def _verdict(forecast: Forecast, ticket: PastTicket, now: datetime) -> str:
    if forecast.earliest is None:
        return "nothing_said"
    if forecast.latest is None:
        return "open_ended"
    ended_at = ticket.ended_at
    if ended_at is None:
        return "later" if forecast.latest < now else "not_known_yet"
    if ended_at < forecast.earliest:
        return "earlier"
    return "within" if ended_at <= forecast.latest else "later"
