"""Changes of a service, and whether trouble followed them. Pure; a document per service.

Change failure rate as DORA has it (https://dora.dev/guides/dora-metrics/): the share of changes
that had to be taken back or that led to trouble. Here a finished change failed if it was rolled
back, or if within `FOLLOWS` a problem of its service was detected or the contacts about it rose
abnormally. What follows is not proven to be caused: two changes on one day are both blamed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import sqrt
from typing import NamedTuple

from desk_contracts.envelope import Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.problems import ProblemConfirmed, ProblemDetected, ProblemStatus
from desk_kernel import Readings, Reducers

from desk_metrics.sla.worktime import micros

DAY = 24 * 3600 * 1_000_000
FOLLOWS = DAY
# What is usual is the mean of four weeks before; with less than one it is not known.
BASELINE_DAYS, FEWEST_DAYS = 28, 7
# Arrivals of independent contacts vary with the root of their mean: three times that is abnormal.
DEVIATIONS, FEWEST_CONTACTS = 3, 5
KEPT, MOST = 400 * DAY, 500


class Finished(NamedTuple):
    """One change that is over; `change` is its number in the system `source`."""

    at: int
    change: str
    kind: str
    succeeded: bool
    source: str = ""


class Detected(NamedTuple):
    """One problem of the service."""

    at: int
    problem: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What was changed at one service and which problems it had, in event time."""

    finished: tuple[Finished, ...] = ()
    problems: tuple[Detected, ...] = ()

    @property
    def moments(self) -> list[int]:
        """When anything of it happened."""
        return [change.at for change in self.finished] + [problem.at for problem in self.problems]


class Cause(StrEnum):
    """Why a change counts as failed."""

    ROLLED_BACK = "rolled back"
    PROBLEM = "followed by a problem"  # desk-skip: no-sentence a value of the API
    CONTACTS = "followed by many contacts"  # desk-skip: no-sentence a value of the API


class ContactRecord(NamedTuple):
    """What is known of a service's contacts at a moment: their moments, sorted, which reach at
    least `USUAL_DAYS` before what is asked about where the log does."""

    contacts: Sequence[int]
    as_of: int
    log_began: int


class AssessedChange(NamedTuple):
    """A finished change with the contacts of the day after it, and why it failed, if it did."""

    change: Finished
    contacts: int
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a service's changes went in a period."""

    finished: int
    failed: int
    rolled_back: int
    failure_rate: float | None = None
    tickets_per_release: float | None = None


# The service that a change or a problem is about; empty for everything else.
changes_key: Readings[str] = Readings("")
# The changes with one more; itself if it is known. Any order of arrival gives the same.
add_change: Reducers[Changes, [], Changes] = Reducers(lambda state, _event: state)


@changes_key.on(ChangeFinished)
def _service_of_change(event: Event[ChangeFinished]) -> str:
    return event.subject


@changes_key.on(ProblemDetected, ProblemConfirmed)
def _service_of_problem(event: Event[ProblemDetected | ProblemConfirmed]) -> str:
    """Of a confirmed one: a proposal blames no release."""
    data = event.data
    is_proposed = isinstance(data, ProblemDetected) and data.status is ProblemStatus.PROPOSED
    return "" if is_proposed else data.service


@add_change.on(ChangeFinished)
def _add_change(state: Changes, event: Event[ChangeFinished]) -> Changes:
    at, data = micros(event.time), event.data
    change = Finished(at, data.change, data.kind.value, data.succeeded, event.source)
    finished = {(other.source, other.change): other for other in state.finished}
    # Told again differently: the later word counts.
    key = (change.source, change.change)
    finished[key] = max(change, finished.get(key, change))
    return _prune(replace(state, finished=tuple(sorted(finished.values()))))


@add_change.on(ProblemDetected, ProblemConfirmed)
def _add_problem(state: Changes, event: Event[ProblemDetected | ProblemConfirmed]) -> Changes:
    seen = {*state.problems, Detected(micros(event.time), event.subject)}
    return _prune(replace(state, problems=tuple(sorted(seen))))


def delivery_of(changes: Changes, record: ContactRecord, start: int, end: int) -> Delivery:
    """How the changes went that were finished from `start` to before `end`."""
    assessed = list(_judge_changes(changes, record, start, end))
    releases = [item.contacts for item in assessed if item.change.kind == ChangeKind.RELEASE]
    failed = sum(item.cause is not None for item in assessed)
    return Delivery(
        len(assessed),
        failed,
        sum(item.cause is Cause.ROLLED_BACK for item in assessed),
        failed / len(assessed) if assessed else None,
        sum(releases) / len(releases) if releases else None,
    )


def _judge_changes(
    changes: Changes, record: ContactRecord, start: int, end: int
) -> Iterator[AssessedChange]:
    for change in changes.finished:
        if start <= change.at < min(end, record.as_of):
            after = _between(record.contacts, change.at, min(change.at + FOLLOWS, record.as_of))
            yield AssessedChange(change, after, _cause(changes, change, record, after))


def _cause(changes: Changes, change: Finished, record: ContactRecord, after: int) -> Cause | None:
    if not change.succeeded:
        return Cause.ROLLED_BACK
    until = min(change.at + FOLLOWS, record.as_of)
    if any(change.at <= problem.at < until for problem in changes.problems):
        return Cause.PROBLEM
    baseline = baseline_per_day(record.contacts, change.at, record.log_began)
    is_many = baseline is not None and is_abnormal(after, baseline)
    return Cause.CONTACTS if is_many else None


def baseline_per_day(contacts: Sequence[int], at: int, log_began: int) -> float | None:
    """Mean contacts a day in the weeks before; None if the log knows less than one."""
    first = max(at - BASELINE_DAYS * DAY, log_began)
    days = (at - first) / DAY
    return None if days < FEWEST_DAYS else _between(contacts, first, at) / days


def is_abnormal(contacts: int, baseline: float) -> bool:
    """More than chance explains; a handful is never."""
    return contacts >= FEWEST_CONTACTS and contacts > baseline + DEVIATIONS * sqrt(max(baseline, 1))


def _between(moments: Sequence[int], start: int, end: int) -> int:
    return bisect_left(moments, end) - bisect_left(moments, start)


def _prune(state: Changes) -> Changes:
    """A year and a bit, and never more than a document should hold."""
    oldest = max(state.moments, default=0) - KEPT
    return Changes(
        tuple(change for change in state.finished if change.at >= oldest)[-MOST:],
        tuple(problem for problem in state.problems if problem.at >= oldest)[-MOST:],
    )
