"""A question about figures, and its answer: days, breakdown, as known at which moment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from desk_contracts.errors import Invalid
from desk_contracts.message import message

from desk_metrics.measures.figures import Figures
from desk_metrics.measures.totals import QuerySpan, spans_of

MOST_SPANS = 750
# Each row has fifty figures; outsiders name sites and services, so there may be any number.
MOST_ROWS = 20_000
_FIRST, _LAST = date(1970, 1, 1), date(2199, 12, 31)


class Breakdown(StrEnum):
    """What figures can be broken down by."""

    TEAM = "team"
    SERVICE = "service"
    KIND = "kind"
    SITE = "site"


class Grain(StrEnum):
    """How long a stretch is."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """A question: days (both included), breakdown, and as known at which moment."""

    first: date
    last: date
    by: Breakdown | None
    grain: Grain
    as_of: datetime

    def spans(self) -> tuple[QuerySpan, ...]:
        """The stretches, oldest first; refuses what is upside down or too much."""
        if self.last < self.first:
            why = message("asked.days-upside-down", first=self.first, last=self.last)
            raise Invalid(why, code="days-upside-down")
        if self.first < _FIRST or self.last > _LAST:
            why = message("asked.no-such-days", first=_FIRST, last=_LAST)
            raise Invalid(why, code="no-such-days")
        days = 7 if self.grain is Grain.WEEK else 1
        if (self.last - self.first).days // days >= MOST_SPANS:
            why = message("asked.too-many-days", most=MOST_SPANS, grain=self.grain)
            raise Invalid(why, code="too-many-days")
        end = _midnight(self.last + timedelta(days=1))
        return tuple(spans_of(_midnight(self.first), end, days, self.as_of))


def _too_many_rows(query: FigureQuery) -> Invalid:
    return Invalid(
        message("asked.too-many-rows", by=query.by or "", most=MOST_ROWS), code="too-many-rows"
    )


@dataclass(frozen=True, slots=True)
class FigureRow:
    """The figures of one slice in one stretch."""

    start: datetime
    end: datetime
    slice: str
    figures: Figures


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
