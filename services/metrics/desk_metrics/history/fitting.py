"""The SLA that a log's verdicts were given by, where the log tells verdicts but no policy.

Targets are fitted on one half of the tickets and judged on the other: a fitted policy is a guess
with a number to it, and is reported as one.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from desk_charter.calendars import Week, Window
from desk_charter.dated_calendars import ROUND_THE_CLOCK, DatedCalendar
from desk_contracts.frozen import Frozen

from desk_metrics.history.path import Phase, TicketPath
from desk_metrics.sla.worktime import WorkingTime

_MINUTE = 60_000_000
RESOLVED = "resolved"
_ENDS = (RESOLVED, "closed")


class Verdict(NamedTuple):
    """A ticket that is over, and whether the log says that its SLA was kept."""

    ticket: str
    priority: str
    kept: bool
    opened: int
    closed: int
    intervals: tuple[tuple[int, int, bool], ...]


class Candidate(NamedTuple):
    """One way to count: by which calendar, waiting in or out, to the resolution or the closing."""

    calendar: str
    counts_waiting: bool
    until: str

    def __str__(self) -> str:
        waiting = "with" if self.counts_waiting else "without"
        return f"{self.calendar}, {waiting} waiting, until {self.until}"


# Its agreement on the training half, and the targets that fit best.
Attempt = tuple[float, Candidate, dict[str, int]]


class Fitted(Frozen):
    """The best candidate and how well it agrees.

    `agreement` = tickets whose fitted verdict is the log's ÷ tickets of that half.
    `baseline` = the same if every held-out ticket were said to be kept, or every one broken,
    whichever is more often right. `broken_found` = broken by both ÷ broken by the log, held out;
    `kept_found` likewise. `targets` are minutes of counted time by priority;
    `fitted_on` says on how many kept and how many broken ones each rests. With hardly any of one
    kind a target is no more than a bound. `writable` is the best one that ends at the resolution,
    as the desk's own clocks do, where this one runs to the closing.
    """

    calendar: str
    counts_waiting: bool
    until: str
    targets: dict[str, int]
    fitted_on: dict[str, tuple[int, int]]
    trained_on: int
    held_out: int
    agreement_trained: float
    agreement_held_out: float
    baseline: float
    kept_found: float
    broken_found: float
    tried: tuple[tuple[str, float], ...] = ()
    writable: "Fitted | None" = None


def measure_verdict(ticket: str, path: TicketPath, *, kept: bool) -> Verdict:
    """What fitting needs of a ticket."""
    intervals = tuple((s.start, s.end, s.phase is Phase.WAITING) for s in path.intervals)
    priority = path.priority or "any"
    return Verdict(ticket, priority, kept, path.opened, path.last, intervals)


def list_calendars() -> tuple[DatedCalendar, ...]:
    """The calendars that are tried, in the zone the log is read in."""
    days = ("mon", "tue", "wed", "thu", "fri")
    hours = {
        "Mon-Fri 07:00-19:00": (days, "07:00", "19:00"),
        "Mon-Fri 08:00-18:00": (days, "08:00", "18:00"),
        "Mon-Fri 09:00-17:00": (days, "09:00", "17:00"),
        "Mon-Sat 08:00-18:00": ((*days, "sat"), "08:00", "18:00"),
        "Mon-Fri all day": (days, "00:00", "24:00"),
    }
    made = [DatedCalendar(name="24x7", title="24x7", zone="UTC", week=ROUND_THE_CLOCK)]
    for name, (open_days, opens, closes) in hours.items():
        windows = (Window(opens=opens, closes=closes),)
        week = Week.model_validate(dict.fromkeys(open_days, windows))
        made.append(DatedCalendar(name=f"hours-{len(made)}", title=name, zone="UTC", week=week))
    return tuple(made)


def fit(verdicts: Sequence[Verdict]) -> Fitted | None:
    """The candidate that agrees best on the training half; None without verdicts of both kinds."""
    trained = [verdict for verdict in verdicts if _is_training(verdict)]
    held_out = [verdict for verdict in verdicts if not _is_training(verdict)]
    if not held_out or len({verdict.kept for verdict in trained}) < 2:
        return None
    clocks = {calendar.title: WorkingTime(calendar) for calendar in list_calendars()}
    candidates = [Candidate(*choice) for choice in product(clocks, (True, False), _ENDS)]
    tried = sorted(
        (_try_candidate(candidate, trained, clocks) for candidate in candidates),
        key=lambda attempt: (-attempt[0], attempt[1]),
    )
    fitted = _evaluate(tried[0], trained, held_out, clocks)
    update: dict[str, object] = {"tried": tuple((str(best), share) for share, best, _ in tried)}
    if fitted.until != RESOLVED:
        resolved = next(attempt for attempt in tried if attempt[1].until == RESOLVED)
        update["writable"] = _evaluate(resolved, trained, held_out, clocks)
    return fitted.model_copy(update=update)


def _evaluate(
    attempt: Attempt,
    trained: Sequence[Verdict],
    held_out: Sequence[Verdict],
    clocks: dict[str, WorkingTime],
) -> Fitted:
    """How well a candidate agrees on the half that it was not fitted on."""
    agreement, best, targets = attempt
    pairs = [(verdict.kept, is_kept(verdict, best, targets, clocks)) for verdict in held_out]
    kept = [ours for log, ours in pairs if log]
    broken = [not ours for log, ours in pairs if not log]
    by_priority = Counter((verdict.priority, verdict.kept) for verdict in trained)
    return Fitted(
        calendar=best.calendar,
        counts_waiting=best.counts_waiting,
        until=best.until,
        targets=targets,
        fitted_on={name: (by_priority[name, True], by_priority[name, False]) for name in targets},
        trained_on=len(trained),
        held_out=len(held_out),
        agreement_trained=agreement,
        agreement_held_out=_mean([log == ours for log, ours in pairs]),
        baseline=max(len(kept), len(broken)) / len(pairs),
        kept_found=_mean(kept),
        broken_found=_mean(broken),
    )


def is_kept(
    verdict: Verdict, candidate: Candidate, targets: dict[str, int], clocks: dict[str, WorkingTime]
) -> bool:
    """The verdict under a candidate; a priority that was not fitted is never broken."""
    target = targets.get(verdict.priority)
    return target is None or count_minutes(verdict, candidate, clocks) <= target


def count_minutes(verdict: Verdict, candidate: Candidate, clocks: dict[str, WorkingTime]) -> int:
    """Whole minutes that count."""
    clock = clocks[candidate.calendar]
    if candidate.until == "closed":
        waited = 0
        if not candidate.counts_waiting:
            waited = sum(
                clock.time_worked_us(a, b) for a, b, waiting in verdict.intervals if waiting
            )
        return (clock.time_worked_us(verdict.opened, verdict.closed) - waited) // _MINUTE
    total = sum(
        clock.time_worked_us(start, end)
        for start, end, waiting in verdict.intervals
        if candidate.counts_waiting or not waiting
    )
    return total // _MINUTE


def _is_training(verdict: Verdict) -> bool:
    """Half of the tickets, by their id and so the same ones each time."""
    return int(verdict.ticket[:8], 16) % 2 == 0


def _try_candidate(
    candidate: Candidate, trained: Sequence[Verdict], clocks: dict[str, WorkingTime]
) -> Attempt:
    """Its agreement on the training half with the targets that fit best."""
    by_priority: dict[str, list[tuple[int, bool]]] = {}
    for verdict in trained:
        took = count_minutes(verdict, candidate, clocks)
        by_priority.setdefault(verdict.priority, []).append((took, verdict.kept))
    targets = {priority: _choose_target(took) for priority, took in sorted(by_priority.items())}
    agree = [verdict.kept == is_kept(verdict, candidate, targets, clocks) for verdict in trained]
    return _mean(agree), candidate, targets


def _choose_target(took: list[tuple[int, bool]]) -> int:
    """The target with the most right verdicts; the middle of the gap that all best ones share."""
    took.sort()
    right = best = sum(not kept for _, kept in took)
    cut, upper = -1, took[0][0]
    for place, (minutes, kept) in enumerate(took):
        right += 1 if kept else -1
        is_last = place + 1 == len(took)
        if (is_last or took[place + 1][0] > minutes) and right > best:
            best, cut = right, minutes
            upper = minutes if is_last else took[place + 1][0]
    return (cut + max(upper - 1, cut)) // 2


def _mean(agree: Sequence[bool]) -> float:
    return round(sum(agree) / len(agree), 4) if agree else 0.0
