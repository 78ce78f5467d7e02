"""Whether what an owner did about a service helped: its contacts since then and in the four weeks
before, against those of all other services in the same days. Pure.

Difference in differences as a ratio, like cohorts, with the exact interval of `odds.py`: what
changes for everybody falls out, and from few contacts nothing is concluded.
"""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from desk_shared.events.reports import AnswerOutcome

from desk_metrics.domain.cohorts import FEWEST_CONTACTS, in_words
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.volume import CONTACTS
from desk_metrics.domain.odds import Square, interval
from desk_metrics.domain.proposals import counted
from desk_metrics.domain.worktime import micros

# As long before as a report looks back; after as long a time the last word is said.
DAYS = 28
# Nothing older is asked for: both stretches, the day itself and the way to the next report.
REACH = timedelta(days=2 * DAYS + 14)
_DAY = 24 * 3600 * 1_000_000
_CANNOT_TELL = AnswerOutcome.CANNOT_TELL


class Came:
    """Contacts of each service by UTC day, added up cell by cell, as known at a moment."""

    def __init__(self, since: datetime, as_of: datetime) -> None:
        self._since, self._as_of = micros(since), micros(as_of)
        self._counts: dict[str, Counter[int]] = {}
        self._all: Counter[int] = Counter()

    def add(self, cell: Cell) -> None:
        for entry in cell.entries:
            for one in entry.believed:
                is_known = max(one.known, one.at) < self._as_of
                if one.measure == CONTACTS and is_known and one.at >= self._since:
                    service = self._counts.setdefault(entry.slice.service, Counter())
                    service[one.at // _DAY] += one.weight
                    self._all[one.at // _DAY] += one.weight

    def of(self, service: str, first: int, end: int) -> tuple[int, int]:
        """Contacts of the service and of all others, from a day to before another."""
        own = sum(self._counts.get(service, Counter())[day] for day in range(first, end))
        return own, sum(self._all[day] for day in range(first, end)) - own


class Helped(NamedTuple):
    """What can be said, and whether it is the last word."""

    outcome: AnswerOutcome
    sentence: str
    is_last: bool


def helped(came: Came, service: str, done: datetime, end: datetime) -> Helped | None:
    """What the days since say, up to a report's end; None if there is no whole one yet."""
    day = micros(datetime.combine(done.astimezone(UTC).date(), time(), UTC)) // _DAY
    until = min(micros(end) // _DAY, day + 1 + DAYS)
    if until <= day + 1:
        return None
    before, rest_before = came.of(service, day - DAYS, day)
    after, rest_after = came.of(service, day + 1, until)
    days, is_last = until - day - 1, until == day + 1 + DAYS
    counts = (
        f"Done on {done.astimezone(UTC):%Y-%m-%d}: {counted(after, 'contact')} in"
        f" {counted(days, 'day')} since, {before:,} in {DAYS} days before."
    )
    outcome, why = _judged(Square(before, after, rest_before, rest_after), is_last=is_last)
    return Helped(outcome, f"{counts} {why}", is_last)


def _judged(square: Square, *, is_last: bool) -> tuple[AnswerOutcome, str]:
    own = square.cohort_before + square.cohort_after
    unknown = "Whether it helped cannot be told" + ("" if is_last else " yet")
    if own < FEWEST_CONTACTS:
        return _CANNOT_TELL, f"{unknown}: below {FEWEST_CONTACTS} contacts all is chance."
    if not square.rest_before or not square.rest_after:
        return _CANNOT_TELL, f"{unknown}: no other service had contacts to compare with."
    low, high = interval(square)
    likely = f"between {in_words(low)} and {in_words(high)}"
    if low <= 1 <= high:
        return _CANNOT_TELL, f"{unknown}: anything {likely} is possible."
    told = f"compared with all other services {in_words(square.ratio or 0.0)}, likely {likely}."
    if high < 1:
        return AnswerOutcome.HELPED, f"It helped: {told}"
    return AnswerOutcome.WORSE, f"It became worse: {told}"
