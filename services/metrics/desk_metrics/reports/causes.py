"""Causes: what each service cost people in a period, added up from the measures' buckets.

- `score` (minutes): lost minutes (as `cost.py` counts them) + `CONTACT_MINUTES` for each contact,
  the time that asking and being asked takes where nobody measured it. A contact that came again
  (`returning.py`) counts twice: the trouble stayed in between, and no clock counted that time.
  Services are ranked by it.
- `repeat_contacts` (count): reopenings, so people who had to come back for the same trouble.
- `came_again` (contacts): contacts of people who had asked about the same within a week.
- `deflected` (contacts), `reported_lost_minutes` (minutes) with `reported_lost_answers`: as
  `deflection.py` and `happiness.py` count them. They are told, and services are not ranked by them:
  only some people are asked.
- `requested_by` (people): who asked for the service by its name or title although it is not offered
  to them. It costs nothing, so it is not ranked by; what is asked for is not proposed to retire.
- `healing_debt` (repairs): proven repairs by the desk, relapses included: each of them spared
  people something, and each says that the cause is still there.
- `quiet_days` (days): since anything at all reached the desk about it: a contact, a repair, a
  change, a problem; 400 where it is longer.

A period is looked at whole, with as long a time before it and the four weeks that a change is
compared with. Of the rest of the last 400 days only signs of life count, from the sums of days; of
older ones nothing does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from desk_contracts.events.tickets import Kind
from desk_contracts.text import plain_words

from desk_metrics.measures.contact import REOPENED, RESOLVED
from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.cost import LOST
from desk_metrics.measures.deflection import DEFLECTED
from desk_metrics.measures.demand import is_only_said, read_demand
from desk_metrics.measures.happiness import REPORTED_LOST
from desk_metrics.measures.healing import HEALED, RELAPSED
from desk_metrics.measures.repeat_contacts import CAME_AGAIN
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.sums import Cut, DaySums
from desk_metrics.measures.verdicts import BREACHED
from desk_metrics.measures.volume import CONTACTS
from desk_metrics.reports.changes import (
    BASELINE_DAYS,
    DAY,
    FOLLOWS,
    KEPT,
    Changes,
    ContactRecord,
    Delivery,
    delivery_of,
)
from desk_metrics.reports.periods import ReportPeriod
from desk_metrics.sla.worktime import instant, micros

CONTACT_MINUTES = 15
# Signs of life of each service, for days that are not looked at whole.
SIGNS = Cut(by="service")
_MINUTE = 60 * 1_000_000
_REQUESTS = frozenset({Kind.REQUEST, Kind.QUESTION})
# Measures that only count, and what they count here.
_COUNTED = {
    REOPENED: "repeat_contacts",
    RESOLVED: "resolved",
    CAME_AGAIN: "came_again",
    DEFLECTED: "deflected",
    RELAPSED: "relapses",
    BREACHED: "slas_breached",
}


@dataclass(frozen=True, slots=True)
class Service:
    """What the organisation wrote down about a service."""

    name: str
    title: str
    team: str
    lifecycle: str = "live"
    criticality: int = 4


@dataclass(slots=True)  # not frozen: it is filled while buckets are read
class Trouble:
    """What one service cost in the period."""

    contacts: int = 0
    contacts_before: int = 0
    # Questions and requests among the contacts.
    requests: int = 0
    lost_us: int = 0
    repeat_contacts: int = 0
    came_again: int = 0
    # Contacts that people prevented by taking what they found.
    deflected: int = 0
    # Working time lost, as those say who were asked: how long, and how many say so.
    reported_lost_us: int = 0
    reported_lost_answers: int = 0
    resolved: int = 0
    healing_debt: int = 0
    relapses: int = 0
    slas_breached: int = 0
    problems: int = 0
    # Who said in the period that it is no longer of use to them.
    obsolete_by: set[str] = field(default_factory=set)
    # Who asked for it in the period.
    requested_by: set[str] = field(default_factory=set)
    # Moments of contacts, from four weeks before the period on; sorted when it is all read.
    moments: list[int] = field(default_factory=list)
    latest: int = 0

    @property
    def lost_minutes(self) -> float:
        return self.lost_us / _MINUTE

    @property
    def reported_lost_minutes(self) -> float | None:
        """None where nobody said: unknown, and not zero."""
        return self.reported_lost_us / _MINUTE if self.reported_lost_answers else None

    @property
    def score_us(self) -> int:
        return self.lost_us + CONTACT_MINUTES * _MINUTE * (self.contacts + self.came_again)

    @property
    def score(self) -> float:
        return self.score_us / _MINUTE


class ServiceStatus(NamedTuple):
    """One service with all that a proposal rests on."""

    service: Service
    trouble: Trouble
    delivery: Delivery
    # Days since the last change was finished; none if no change was ever told of.
    unchanged_days: float | None
    quiet_days: float
    # Its part of the whole score of all services.
    share: float


class Reach(NamedTuple):
    """The first day that matters, and the days (both included) that are looked at whole."""

    since: date
    first: date
    last: date


class Causes:
    """Adds up days one by one for one period, as known at a moment: buckets, or signs of life."""

    def __init__(
        self, period: ReportPeriod, as_of: datetime, services: Iterable[Service] = ()
    ) -> None:
        self._called = {
            plain_words(called): service.name
            for service in services
            for called in (service.name, service.title)
        }
        # What causes of a period need of history; what is older changes nothing.
        baseline = period.start - timedelta(days=BASELINE_DAYS)
        first = min(period.before, baseline)
        since = min(first, instant(max(0, micros(as_of) - KEPT)))
        last = min(as_of, period.end + timedelta(microseconds=FOLLOWS))
        self.reach, self.as_of = Reach(since.date(), first.date(), last.date()), as_of
        self._start, self._end = micros(period.start), micros(period.end)
        self._before, self._as_of = micros(period.before), micros(as_of)
        self._watched = self._start - BASELINE_DAYS * DAY
        self.log_began: int = self._as_of
        self.troubles: dict[str, Trouble] = {}

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            trouble = self.troubles.setdefault(entry.slice.service, Trouble())
            is_request = entry.slice.kind in _REQUESTS
            for contribution in entry.believed:
                if max(contribution.known_at, contribution.at) >= self._as_of:
                    continue
                if is_only_said(contribution.measure):
                    # No sign of life: it must not break a silence.
                    if self._start <= contribution.at < self._end:
                        who = entry.slice.person or entry.source
                        what = read_demand(contribution.measure)
                        if what is None:
                            self.troubles[entry.slice.service].obsolete_by.add(who)
                        elif (service := self._called.get(plain_words(what))) is not None:
                            self.troubles.setdefault(service, Trouble()).requested_by.add(who)
                else:
                    self._post(trouble, contribution, is_request=is_request)

    def take(self, sums: DaySums) -> None:
        """The signs of life of a day that is not looked at whole."""
        for service, part in sums.cuts[SIGNS.key].items():
            if part.last:
                trouble = self.troubles.setdefault(service, Trouble())
                trouble.latest = max(trouble.latest, part.last)
                self.log_began = min(self.log_began, part.first)

    def knew(self, day: date) -> None:
        """There was something that early, whatever it was."""
        self.log_began = min(self.log_began, micros(datetime.combine(day, time(), UTC)))

    def _post(self, trouble: Trouble, contribution: Contribution, *, is_request: bool) -> None:
        self.log_began = min(self.log_began, contribution.at)
        trouble.latest = max(trouble.latest, contribution.at)
        if contribution.measure == CONTACTS:
            if contribution.at >= self._watched:
                trouble.moments.append(contribution.at)
            trouble.contacts_before += self._before <= contribution.at < self._start
        if self._start <= contribution.at < self._end:
            _count(trouble, contribution, is_request=is_request)

    def rank(
        self, services: Iterable[Service], changes: Mapping[str, Changes]
    ) -> list[ServiceStatus]:
        """Every service, the one that cost most first; equals by repairs, then by name."""
        named = [(item, self.troubles.get(item.name) or Trouble()) for item in services]
        # Whole microseconds first: a sum of floats would depend on its order.
        whole = sum(trouble.score_us for _, trouble in named)
        statuses = [
            self._status_of(service, trouble, changes.get(service.name) or Changes(), whole)
            for service, trouble in named
        ]
        return sorted(statuses, key=_order)

    def _status_of(
        self, service: Service, trouble: Trouble, changes: Changes, whole: int
    ) -> ServiceStatus:
        trouble.moments.sort()
        trouble.problems = sum(
            self._start <= problem.at < min(self._end, self._as_of) for problem in changes.problems
        )
        record = ContactRecord(trouble.moments, self._as_of, self.log_began)
        finished = [change.at for change in changes.finished if change.at < self._as_of]
        moments = [at for at in changes.moments if at < self._as_of]
        latest = max(trouble.latest, self.log_began, *moments)
        return ServiceStatus(
            service,
            trouble,
            delivery_of(changes, record, self._start, self._end),
            (self._as_of - max(finished)) / DAY if finished else None,
            max(0, self._as_of - latest) / DAY,
            trouble.score_us / whole if whole else 0.0,
        )


def _count(trouble: Trouble, contribution: Contribution, *, is_request: bool) -> None:
    measure, weight = contribution.measure.partition(":")[0], contribution.weight
    if measure == CONTACTS:
        trouble.contacts += weight
        trouble.requests += weight * is_request
    elif measure == LOST:
        trouble.lost_us += weight * contribution.amount
    elif measure == REPORTED_LOST:
        trouble.reported_lost_us += weight * contribution.amount
        trouble.reported_lost_answers += weight
    elif measure == HEALED:
        # What a relapse takes back was a repair all the same.
        trouble.healing_debt += weight > 0
    elif measure in _COUNTED:
        name = _COUNTED[measure]
        setattr(trouble, name, getattr(trouble, name) + weight)


def _order(status: ServiceStatus) -> tuple[int, int, int, str]:
    trouble = status.trouble
    return -trouble.score_us, -trouble.healing_debt, -trouble.contacts, status.service.name
