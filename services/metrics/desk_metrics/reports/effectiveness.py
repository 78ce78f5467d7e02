"""Whether what an owner did about a service helped: its contacts since then and in the four weeks
before, against those of all other services in the same days. Pure.

Difference in differences as a ratio, like cohorts, with the exact interval of `odds.py`: what
changes for everybody falls out, and from few contacts nothing is concluded.
"""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from desk_contracts.events.reports import AnswerOutcome
from desk_contracts.message import Message, Param, message

from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.volume import CONTACTS
from desk_metrics.planning.cohorts import FEWEST_CONTACTS, compare_ratio
from desk_metrics.planning.odds import Square, interval
from desk_metrics.sla.worktime import micros

# As long before as a report looks back; after as long a time the last word is said.
DAYS = 28
# Nothing older is asked for: both stretches, the day itself and the way to the next report.
REACH = timedelta(days=2 * DAYS + 14)
_DAY = 24 * 3600 * 1_000_000
_CANNOT_TELL = AnswerOutcome.CANNOT_TELL


class Came:
    """Contacts of each service by UTC day, added up bucket by bucket, as known at a moment."""

    def __init__(self, since: datetime, as_of: datetime) -> None:
        self._since, self._as_of = micros(since), micros(as_of)
        self._counts: dict[str, Counter[int]] = {}
        self._all: Counter[int] = Counter()

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            for contribution in entry.believed:
                is_known = max(contribution.known_at, contribution.at) < self._as_of
                if contribution.measure == CONTACTS and is_known and contribution.at >= self._since:
                    service = self._counts.setdefault(entry.slice.service, Counter())
                    service[contribution.at // _DAY] += contribution.weight
                    self._all[contribution.at // _DAY] += contribution.weight

    def of(self, service: str, first: int, end: int) -> tuple[int, int]:
        """Contacts of the service and of all others, from a day to before another."""
        own = sum(self._counts.get(service, Counter())[day] for day in range(first, end))
        return own, sum(self._all[day] for day in range(first, end)) - own


class Effectiveness(NamedTuple):
    """What can be said, and whether it is the last word."""

    outcome: AnswerOutcome
    why: Message
    is_last: bool


def assess_effectiveness(
    came: Came, service: str, done: datetime, end: datetime
) -> Effectiveness | None:
    """What the days since say, up to a report's end; None if there is no whole one yet."""
    day = micros(datetime.combine(done.astimezone(UTC).date(), time(), UTC)) // _DAY
    until = min(micros(end) // _DAY, day + 1 + DAYS)
    if until <= day + 1:
        return None
    before, rest_before = came.of(service, day - DAYS, day)
    after, rest_after = came.of(service, day + 1, until)
    days, is_last = until - day - 1, until == day + 1 + DAYS
    outcome, verdict = _judge(Square(before, after, rest_before, rest_after), is_last=is_last)
    why = message(
        "effect.counts",
        on=done.astimezone(UTC).date(),
        after=message("count.contacts", count=after),
        days=message("count.days", count=days),
        before=before,
        days_before=DAYS,
        verdict=verdict,
    )
    return Effectiveness(outcome, why, is_last)


def _judge(square: Square, *, is_last: bool) -> tuple[AnswerOutcome, Message]:
    own = square.cohort_before + square.cohort_after
    if own < FEWEST_CONTACTS:
        few = message("effect.too-few", fewest=FEWEST_CONTACTS)
        yet = message("effect.too-few-yet", fewest=FEWEST_CONTACTS)
        return _CANNOT_TELL, few if is_last else yet
    if not square.rest_before or not square.rest_after:
        alone = message("effect.nothing-to-compare")
        return _CANNOT_TELL, alone if is_last else message("effect.nothing-to-compare-yet")
    low, high = interval(square)
    chances: dict[str, Param] = {"low": compare_ratio(low), "high": compare_ratio(high)}
    if low <= 1 <= high:
        wide = message("effect.anything-possible", **chances)
        return _CANNOT_TELL, wide if is_last else message("effect.anything-possible-yet", **chances)
    ratio = compare_ratio(square.ratio or 0.0)
    if high < 1:
        return AnswerOutcome.BETTER, message("effect.better", ratio=ratio, **chances)
    return AnswerOutcome.WORSE, message("effect.worse", ratio=ratio, **chances)
