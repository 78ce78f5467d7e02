"""What the page tells, read once through the cells: a period, the one before it, and its steps."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from desk_shared.errors import Invalid, NotFound
from desk_shared.events.message import message
from desk_shared.kernel.sight import Sight
from desk_shared.messages import catalogue
from desk_shared.store import Documents

from desk_metrics.correspondence import Correspondence
from desk_metrics.domain.demand import Demand, DemandEntry
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.experience import Experience, Impressions, Of
from desk_metrics.domain.measures.figures import Figures, figures_of
from desk_metrics.domain.measures.totals import Reckoning, Span, Totals, spans_of
from desk_metrics.domain.worktime import instant
from desk_metrics.reckoning import days, first_day

MOST_DAYS = 366
# A plot of more days than this is a plot of weeks.
MOST_STEPS = 35
MOST_REQUESTED = 10


@dataclass(frozen=True, slots=True)
class Question:
    """Days (both included), as known at a moment, of one team or of all."""

    first: date
    last: date
    as_of: datetime
    team: str = ""

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < MOST_DAYS:
            why = message("asked.bad-days", most=MOST_DAYS, first=self.first, last=self.last)
            raise Invalid(why, code="bad-days")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def step(self) -> int:
        return 1 if self.days <= MOST_STEPS else 7


def question(first: date | None, last: date | None, as_of: datetime, team: str = "") -> Question:
    """Without days it is about the four weeks up to yesterday."""
    last = last or (as_of - timedelta(days=1)).date()
    return Question(first or last - timedelta(days=27), last, as_of, team)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All figures of the page. `began` is the first day that anything is known of."""

    asked: Question
    now: Figures
    before: Figures
    steps: tuple[tuple[datetime, Figures], ...]
    teams: tuple[tuple[str, Figures], ...]
    worst: tuple[Experience, ...]
    # What people ask for that there is not, and where reports to owners stand today.
    demand: tuple[DemandEntry, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    began: date | None = None

    def without(self, seen: Sight) -> "Gathered":
        """The same without single figures of what is confidential to the reader."""
        return replace(
            self,
            teams=tuple(one for one in self.teams if not seen.hides(team=one[0])),
            worst=tuple(one for one in self.worst if not seen.hides(one.name)),
            answers=tuple(one for one in self.answers if not seen.hides(one[0])),
        )

    @property
    def knows_before(self) -> bool:
        """Whether anything is known of the period before; else its zeros mean nothing."""
        return self.began is not None and self.began < self.asked.first


async def gather(
    cells: Documents[Cell],
    asked: Question,
    people: int,
    cost: float,
    letters: Correspondence | None = None,
) -> Gathered:
    """Read every cell once; a team that nothing is known of is refused."""
    start, end = _ends(asked)
    both = tuple(spans_of(start - (end - start), end, asked.days, asked.as_of))
    every_step = spans_of(start, end, asked.step, asked.as_of)
    steps = tuple(one for one in every_step if one.start < one.as_of)
    whole, fine = Reckoning(both, "team"), Reckoning(steps, "team" if asked.team else "")
    every, services = Reckoning(both), Impressions(both[1], Of.SERVICE)
    demand = Demand(start, end, asked.as_of)
    async for found in days(cells, instant(both[0].start).date(), asked.last, asked.as_of):
        for one in (whole, fine, every):
            one.take(found)
        if isinstance(found, Cell):
            services.add(found)
            demand.add(found)
    by_team, name = whole.totals(), asked.team
    _must_know(by_team, both[1], name)
    totals = by_team if name else every.totals()

    def told(found: dict[tuple[Span, str], Totals], span: Span) -> Figures:
        return figures_of(found.get((span, name)) or Totals(), span, 0 if name else people, cost)

    by_step = fine.totals()
    return Gathered(
        asked=asked,
        now=told(totals, both[1]),
        before=told(totals, both[0]),
        steps=tuple((instant(span.start), told(by_step, span)) for span in steps),
        teams=() if name else _of_teams(by_team, both[1]),
        worst=() if name else tuple(services.experiences()[:10]),
        demand=() if name else demand.entries()[:MOST_REQUESTED],
        answers=() if name or letters is None else await _standings(letters),
        began=await first_day(cells),
    )


def _must_know(found: dict[tuple[Span, str], Totals], span: Span, team: str) -> None:
    if team and (span, team) not in found:
        raise unknown_team(team)


def unknown_team(team: str) -> NotFound:
    """The refusal of a team of which nothing is known, or nothing to the caller."""
    return NotFound(message("asked.unknown-team", team=team))


def _ends(asked: Question) -> tuple[datetime, datetime]:
    start, end = _midnight(asked.first), _midnight(asked.last + timedelta(days=1))
    if asked.as_of <= start:
        why = message("asked.days-to-come", first=asked.first, as_of=asked.as_of)
        raise Invalid(why, code="bad-days")
    return start, end


def _of_teams(found: dict[tuple[Span, str], Totals], span: Span) -> tuple[tuple[str, Figures], ...]:
    return tuple((team, figures_of(one, span)) for (of, team), one in found.items() if of == span)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def _standings(letters: Correspondence) -> tuple[tuple[str, str], ...]:
    """The page is in English."""
    spoken = catalogue("en")
    return tuple(sorted((name, spoken.render(said)) for name, said in await letters.open()))
