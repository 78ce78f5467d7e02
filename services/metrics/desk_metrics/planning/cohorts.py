"""Cohorts: did a change help those who got it first, compared with all others in the same weeks.

Difference in differences on the scale of ratios: how contacts of the cohort changed, divided by how
those of the rest did. What happened to everybody (holidays, an outage) falls out, and so do the
numbers of people as long as they stay the same. It cannot know that the cohort was chosen because
it had more trouble: choose cohorts by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import inf

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, Param, message

from desk_metrics.measures.contributions import Slice, Where
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.volume import CONTACTS
from desk_metrics.planning.odds import Square, interval

_SO_MANY_TIMES = 3
FEWEST_CONTACTS = 10
FEWEST_PEOPLE = 5


class CohortAnswer(StrEnum):
    """What can be said."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"


class CohortComparison(Frozen):
    """The cohort and the rest before and after. `ratio` below 1: the cohort did better.

    `fewer_per_person_per_week` is the difference in differences of contacts per person and week,
    where both numbers of people are known.
    """

    answer: CohortAnswer
    explanation: tuple[Message, ...]
    before: tuple[date, date] | None = None
    after: tuple[date, date] | None = None
    cohort_before: int = 0
    cohort_after: int = 0
    rest_before: int = 0
    rest_after: int = 0
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    fewer_per_person_per_week: float | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who got the change: whoever is named by any of these."""

    people: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()

    def has(self, by: Slice) -> bool:
        return by.person in self.people or by.device in self.devices or by.site in self.sites


@dataclass(frozen=True, slots=True)
class Windows:
    """Two stretches of whole weeks on both sides of the change; ends are not included (us)."""

    start: int
    change: int
    end: int
    first: date
    changed: date
    last: date

    @property
    def weeks(self) -> int:
        return (self.changed - self.first).days // 7


@dataclass(slots=True)  # not frozen: it is filled while a question is answered
class CohortCount:
    """Counts contacts bucket by bucket."""

    cohort: Cohort
    where: Where
    windows: Windows
    counts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    callers: set[str] = field(default_factory=set)

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            if self.where.matches(entry.slice):
                is_cohort = self.cohort.has(entry.slice)
                for contribution in entry.believed:
                    if contribution.measure == CONTACTS:
                        windows = self.windows
                        if windows.start <= contribution.at < windows.end:
                            self.counts[
                                (0 if is_cohort else 2) + (contribution.at >= windows.change)
                            ] += contribution.weight
                            if is_cohort:
                                self.callers.add(entry.slice.person)

    @property
    def square(self) -> Square:
        return Square(*self.counts)

    @property
    def people(self) -> int | None:
        """How many different people of the cohort called; None where some are not known."""
        return None if "" in self.callers else len(self.callers)


@dataclass(frozen=True, slots=True)
class Sizes:
    """People in the cohort and in the rest; 0 is not known."""

    cohort: int = 0
    rest: int = 0


NOBODY_COUNTED = Sizes()


def compare(
    square: Square, windows: Windows, sizes: Sizes = NOBODY_COUNTED, callers: int | None = None
) -> CohortComparison:
    """What the counts say, and what they do not."""
    too_few = _too_few(square, callers)
    low, high = interval(square) if sum(square) else (0.0, float("inf"))
    answer = CohortAnswer.CANNOT_TELL
    if not too_few and high < 1:
        answer = CohortAnswer.BETTER
    elif not too_few and low > 1:
        answer = CohortAnswer.WORSE
    fewer = None
    if sizes.cohort and sizes.rest:
        cohort = (square.cohort_before - square.cohort_after) / sizes.cohort
        rest = (square.rest_before - square.rest_after) / sizes.rest
        fewer = (cohort - rest) / windows.weeks
    return CohortComparison(
        answer=answer,
        explanation=(too_few or _explain(answer, square, low, high),),
        before=(windows.first, windows.changed),
        after=(windows.changed, windows.last),
        cohort_before=square.cohort_before,
        cohort_after=square.cohort_after,
        rest_before=square.rest_before,
        rest_after=square.rest_after,
        ratio=square.ratio,
        low=low,
        high=None if high == float("inf") else high,
        fewer_per_person_per_week=fewer,
    )


def cannot(why: Message) -> CohortComparison:
    """There is nothing to compare."""
    return CohortComparison(answer=CohortAnswer.CANNOT_TELL, explanation=(why,))


def _too_few(square: Square, callers: int | None) -> Message | None:
    cohort = square.cohort_before + square.cohort_after
    if cohort < FEWEST_CONTACTS:
        contacts = message("count.contacts", count=cohort)
        return message("cohort.few-contacts", contacts=contacts, fewest=FEWEST_CONTACTS)
    if callers is not None and callers < FEWEST_PEOPLE:
        people = message("count.people", count=callers)
        return message("cohort.few-people", contacts=cohort, people=people)
    if not square.rest_before or not square.rest_after:
        return message("cohort.rest-is-silent")
    return None


def _explain(answer: CohortAnswer, square: Square, low: float, high: float) -> Message:
    chances: dict[str, Param] = {"low": compare_ratio(low), "high": compare_ratio(high)}
    if answer is CohortAnswer.CANNOT_TELL:
        contacts = square.cohort_before + square.cohort_after
        return message("cohort.anything-possible", contacts=contacts, **chances)
    ratio = compare_ratio(square.ratio or 0.0)
    if answer is CohortAnswer.BETTER:
        return message("cohort.better", ratio=ratio, **chances)
    return message("cohort.worse", ratio=ratio, **chances)


def compare_ratio(ratio: float) -> Message:
    """`40% fewer`, `25% more`, `3.2 times as many`."""
    if ratio == inf:
        return message("ratio.any")
    if ratio >= _SO_MANY_TIMES:
        return message("ratio.times", times=round(ratio, 1))
    if ratio > 1:
        return message("ratio.more", share=ratio - 1)
    return message("ratio.fewer", share=1 - ratio)


def names(values: Sequence[str]) -> frozenset[str]:
    """Names that were given, without empty ones: nobody is no member of a cohort."""
    return frozenset(value for value in values if value)
