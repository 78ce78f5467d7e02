"""Experience: one figure for how well the desk's systems serve a person, a device or a service.

- `abnormal_minutes` (minutes): telemetry saw a device or a service in trouble, from the signal
  raised to the signal cleared, on the days it lasted. Two troubles at once count twice.
- `score` (0 to 100): technology and sentiment, as digital experience products combine them
  (Nexthink's documentation, "Using Digital Experience": these two parts, this range, below 70 is an
  issue, and without a survey technology alone). The parts and weights are ours:
  - technology = 100 * weighted mean of what is known of
    quiet (weight 2) = 0.5 ** (abnormal time / time / 10 %),
    working (weight 2) = 0.5 ** (lost minutes / working minutes of those concerned / 5 %),
    sla (weight 1) = SLAs met / judged.
    So a device in trouble a tenth of the time, or work stopped for two hours a week, halves its
    part. Working minutes are 8 h on 5 of 7 days for each person who had a ticket.
  - sentiment = 100 * (mean survey score - 1) / 4.
  - score = (1 - w) * technology + w * sentiment, w = half of answers / (answers + 2): one angry
    answer weighs a sixth, many weigh as much as all technology.
  What nothing is known of has no part: no signal at all is no sign of quiet. Where neither is
  known there is no score. Trouble that is not over yet, like open tickets, is not in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from desk_contracts.events.sla import ClockName
from desk_contracts.value_types import SubjectKind

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.cost import LOST
from desk_metrics.measures.happiness import SCORES, SURVEY, mean_score
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.totals import QuerySpan, Totals, TotalsQuery
from desk_metrics.measures.verdicts import BREACHED, MET

ABNORMAL = "abnormal"
ABNORMAL_HALF, LOST_HALF = 0.10, 0.05
_WEIGHTS = {"quiet": 2, "working": 2, "sla": 1}
_DAY = 24 * 3600 * 1_000_000
_WORKING = 5 / 7 * 8 / 24
_MINUTE = 60 * 1_000_000
# Whoever answered twice is as sure as not.
_DOUBT = 2


class Of(StrEnum):
    """Whose experience it is; each is a part of every slice."""

    PERSON = "person"
    DEVICE = "device"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Experience:
    """The score of one person, device or service, and what it is made of."""

    name: str
    score: float
    technology: float | None
    sentiment: float | None
    quiet: float | None
    working: float | None
    sla: float | None
    answers: int
    people: int
    abnormal_minutes: float
    lost_minutes: float


def abnormal_of(kind: str, start: int, end: int) -> Iterator[Contribution]:
    """The days of one outage, known since it was over."""
    at = start
    while at < end:
        until = min(end, (at // _DAY + 1) * _DAY)
        yield Contribution(f"{ABNORMAL}:{kind}", at, end, amount=until - at)
        at = until


def abnormal_minutes(totals: Totals) -> float:
    """Of devices and services together."""
    totals_of_kinds = (totals.sketch(f"{ABNORMAL}:{kind}").total for kind in SubjectKind)
    return sum(totals_of_kinds) / _MINUTE


@dataclass(slots=True)  # not frozen: it is filled while a question is answered
class Impressions:
    """Adds up buckets for one span, and whose work they tell of."""

    span: QuerySpan
    of: Of
    totals_query: TotalsQuery = field(init=False)
    people: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.totals_query = TotalsQuery([self.span], self.of)

    def add(self, bucket: Bucket) -> None:
        """One more bucket; those with a ticket that ended in the span are concerned."""
        self.totals_query.add(bucket)
        for entry in bucket.entries:
            if entry.slice.person and any(map(self._is_within, entry.believed)):
                name = str(getattr(entry.slice, self.of))
                self.people.setdefault(name, set()).add(entry.slice.person)

    def _is_within(self, contribution: Contribution) -> bool:
        is_known = contribution.known_at <= self.span.as_of
        return is_known and self.span.start <= contribution.at < self.span.until

    def experiences(self) -> list[Experience]:
        """Everyone that anything is known of, the worst first. Ask once, at the end."""
        ranked = []
        for (span, name), totals in self.totals_query.totals().items():
            people = len(self.people.get(name, ())) or 1
            if name and (item := experience_of(name, totals, span, self.of, people)):
                ranked.append(item)
        return sorted(ranked, key=lambda item: (item.score, item.name))


def experience_of(
    name: str, totals: Totals, span: QuerySpan, of: Of, people: int = 1
) -> Experience | None:
    """None where nothing is known."""
    kind = SubjectKind.SERVICE if of is Of.SERVICE else SubjectKind.DEVICE
    abnormal, lost = totals.sketch(f"{ABNORMAL}:{kind}"), totals.sketch(LOST)
    met = sum(totals.count(f"{MET}:{clock}") for clock in ClockName)
    total = met + sum(totals.count(f"{BREACHED}:{clock}") for clock in ClockName)
    parts = {
        "quiet": _halve(abnormal.count, abnormal.total / (span.length or 1), ABNORMAL_HALF),
        "working": _halve(
            lost.count, lost.total / (span.length * _WORKING * people or 1), LOST_HALF
        ),
        "sla": met / total if total else None,
    }
    counts = {score: totals.count(f"{SURVEY}:{score}") for score in SCORES}
    weighted = [(_WEIGHTS[name], part) for name, part in parts.items() if part is not None]
    weight = sum(weight for weight, _ in weighted)
    mean, answers = mean_score(counts), sum(counts.values())
    technology = 100 * sum(weight * part for weight, part in weighted) / weight if weight else None
    sentiment = None if mean is None else 100 * (mean - 1) / 4
    score = technology if sentiment is None else sentiment
    if score is None:
        return None
    if technology is not None and sentiment is not None:
        heard = answers / (answers + _DOUBT) / 2
        score = (1 - heard) * technology + heard * sentiment
    return Experience(
        name=name,
        score=score,
        technology=technology,
        sentiment=sentiment,
        quiet=parts["quiet"],
        working=parts["working"],
        sla=parts["sla"],
        answers=answers,
        people=people,
        abnormal_minutes=abnormal.total / _MINUTE,
        lost_minutes=lost.total / _MINUTE,
    )


def _halve(samples: int, share: float, half: float) -> float | None:
    """1 without trouble, a half at `half`; None where nothing was seen."""
    return float(0.5 ** (min(1.0, share) / half)) if samples else None
