"""What a runbook did of late: its hourly limit, and the breaker that stops cures that are none."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.chain import Link
from desk_contracts.events.automation import Outcome
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from pydantic import Field

from desk_automation.holdback.decide import add_result, change_result
from desk_automation.holdback.model import Arm, Comparison, Result
from desk_automation.safety.model import Bounds, Refusal

HOUR = timedelta(hours=1)
MAX_COUNTED = 200
# So many starts are known by their run; of what is older only how many there were, by the minute.
MAX_STARTS = 200
MINUTE = timedelta(minutes=1)
LOST_COUNT_FOR = timedelta(days=7)
# In the totals: a cure that was taken back.
RELAPSED = "relapsed"
_BAD = frozenset({Outcome.NOT_HEALED, Outcome.INCONCLUSIVE, Outcome.IN_DOUBT})


class Start(Frozen):
    """A run that was let start."""

    run: str
    at: datetime


class EarlierStarts(Frozen):
    """How many runs were let start within a minute, the first and the last of them when."""

    since: datetime
    at: datetime
    count: int


class LostCure(Frozen):
    """A target whose cure did not last, and when that was seen."""

    target: str
    at: datetime


class BreakerEpisode(Frozen):
    """One time that the breaker was open, and what it withheld.

    `told_by` names by cause the run that brings it to people.
    """

    since: datetime
    run: str = ""
    told_by: dict[str, str] = Field(default_factory=dict)
    withheld: int = 0
    targets: tuple[str, ...] = ()


class RunbookStatistics(Frozen):
    """The record of one runbook, over all its versions."""

    starts: tuple[Start, ...] = ()
    earlier: tuple[EarlierStarts, ...] = ()
    counted: tuple[str, ...] = ()
    failures: int = 0
    # What failed since the last cure, each target once.
    failed: tuple[str, ...] = ()
    # Cures that did not last: another cure says nothing against them.
    lost: tuple[LostCure, ...] = ()
    # Since when the breaker is not closed, and when it opened last: a try that fails opens it anew.
    stopped_at: datetime | None = None
    opened_at: datetime | None = None
    canary: str = ""
    # The newest time that it was open; kept when it closes, for what is counted late.
    episode: BreakerEpisode | None = None
    # What became of those that waited to see what heals by itself, and of the others.
    comparison: Comparison = Comparison()
    totals: dict[str, int] = Field(default_factory=dict)
    # Where the chain of its transitions ends.
    link: Link = Link()

    def has_started(self, run: str) -> bool:
        """Whether it counts already; the newest first, since who asks again has just begun."""
        return any(start.run == run for start in reversed(self.starts))

    @property
    def open_episode(self) -> BreakerEpisode | None:
        """That of the breaker as it is now; None while it is closed."""
        if self.opened_at is None:
            return None
        since, episode = self.stopped_at or self.opened_at, self.episode
        is_this = episode is not None and episode.since == since
        return episode if episode and is_this else BreakerEpisode(since=since)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. Evidence against a runbook is only what it sent.

    A host that may not be called, an address that cannot be planned, a device that is not there:
    whoever writes telemetry can make these up, and none of them says that the cure is none.
    """

    outcome: Outcome | None
    target: str
    has_sent: bool
    arm: Arm = ""
    result: Result = "unknown"


def find_breaker(counts: RunbookStatistics, bounds: Bounds, now: datetime) -> str:
    """closed, open, or half-open: then one run may try."""
    if counts.opened_at is None:
        return "closed"
    return "open" if now < counts.opened_at + bounds.reopen_after else "half-open"


def count_last_hour(counts: RunbookStatistics, now: datetime) -> int:
    """How much of the hourly limit is used."""
    counted = sum(minute.count for minute in counts.earlier if minute.at > now - HOUR)
    return counted + len(_last_hour(counts, now))


def find_refusal(
    counts: RunbookStatistics, run: str, bounds: Bounds, now: datetime
) -> Refusal | None:
    """Why the runbook may not start this run now."""
    return None if counts.has_started(run) else _refuse(counts, run, bounds, now)


def _refuse(counts: RunbookStatistics, run: str, bounds: Bounds, now: datetime) -> Refusal | None:
    if counts.opened_at is not None:
        until = counts.opened_at + bounds.reopen_after
        if now < until:
            return Refusal("breaker", message("refusal.breaker", failures=counts.failures), until)
        if counts.canary not in {"", run}:
            return Refusal("breaker", message("refusal.canary", failures=counts.failures))
    used = count_last_hour(counts, now)
    if used >= bounds.per_hour:
        free = _find_free(counts, used - bounds.per_hour + 1, now)
        return Refusal("limit", message("refusal.per-hour", count=used), free)
    return None


def admit(
    counts: RunbookStatistics | None, run: str, bounds: Bounds, now: datetime
) -> RunbookStatistics | None:
    """The statistics with one more start; None if refused or counted already."""
    counts = counts or RunbookStatistics()
    if counts.has_started(run) or _refuse(counts, run, bounds, now):
        return None
    canary = run if counts.opened_at is not None else ""
    started = _add_start(counts, Start(run=run, at=now), now)
    return counts.model_copy(update={**started, "canary": canary})


def count_outcome(
    counts: RunbookStatistics | None, run: str, ended: RunResult, bounds: Bounds, now: datetime
) -> RunbookStatistics | None:
    """The statistics after a run's end, counted once; None if it was counted before."""
    outcome = ended.outcome
    counts = counts or RunbookStatistics()
    if run in counts.counted:
        return None
    name = "skipped" if outcome is None else outcome.value
    changes: dict[str, object] = {
        "counted": (*counts.counted, run)[-MAX_COUNTED:],
        "totals": {**counts.totals, name: counts.totals.get(name, 0) + 1},
        "canary": "" if counts.canary == run else counts.canary,
        "comparison": add_result(counts.comparison, ended.arm, ended.result),
    }
    if outcome is Outcome.HEALED:
        changes |= {"failures": 0, "failed": (), "opened_at": None}
    elif outcome in _BAD and ended.has_sent:
        failed = tuple(dict.fromkeys((*counts.failed, ended.target)))[-MAX_COUNTED:]
        # One that tried in the half-open state counts, whoever it is.
        is_open = len(failed) >= bounds.failures or counts.canary == run
        changes |= {
            "failures": len(failed),
            "failed": failed,
            "opened_at": now if is_open else counts.opened_at,
        }
    return counts.model_copy(update=changes)


def correct(
    counts: RunbookStatistics | None, run: str, was: Outcome, ended: RunResult, bounds: Bounds
) -> RunbookStatistics | None:
    """The statistics once a run that counted as `was` turned out to have helped; else None."""
    mark, target = f"{run} corrected", ended.target
    before: Result = "ill" if was is Outcome.NOT_HEALED else "unknown"
    if counts is None or mark in counts.counted:
        return None
    totals = {**counts.totals, was.value: max(0, counts.totals.get(was.value, 0) - 1)}
    totals[Outcome.HEALED.value] = totals.get(Outcome.HEALED.value, 0) + 1
    failed = tuple(count for count in counts.failed if count != target)
    comparison = counts.comparison
    if ended.arm == "acts":  # of one that waited, what happened in its wait is as it was
        comparison = change_result(comparison, "acts", before, "well")
    is_open = counts.opened_at is not None and len(failed) >= bounds.failures
    return counts.model_copy(
        update={
            "counted": (*counts.counted, mark)[-MAX_COUNTED:],
            "totals": totals,
            "comparison": comparison,
            "failures": len(failed) if target in counts.failed else counts.failures,
            "failed": failed,
            "opened_at": counts.opened_at if is_open else None,
        }
    )


def take_back(
    counts: RunbookStatistics | None, run: str, ended: RunResult, bounds: Bounds, now: datetime
) -> RunbookStatistics | None:
    """The statistics once a cure did not last, counted once; else None.

    The breaker opens when as many targets as it has failures relapsed of late; what is healed
    meanwhile may relapse as well, so it does not take that back.
    """
    mark, target = f"{run} relapsed", ended.target
    counts = counts or RunbookStatistics()
    if mark in counts.counted:
        return None
    totals = counts.totals
    changed = {
        Outcome.HEALED.value: max(0, totals.get(Outcome.HEALED.value, 0) - 1),
        RELAPSED: totals.get(RELAPSED, 0) + 1,
    }
    others = (
        item for item in counts.lost if item.target != target and item.at > now - LOST_COUNT_FOR
    )
    lost = (*others, LostCure(target=target, at=now))[-MAX_COUNTED:]
    changes: dict[str, object] = {
        "counted": (*counts.counted, mark)[-MAX_COUNTED:],
        "totals": {**totals, **changed},
        "lost": lost,
    }
    if ended.arm == "acts":
        changes["comparison"] = change_result(counts.comparison, "acts", "well", "ill")
    if len(lost) >= bounds.failures:  # to open again it takes as many again
        failed = tuple(item.target for item in lost)
        changes |= {"lost": (), "failures": len(lost), "failed": failed, "opened_at": now}
    return counts.model_copy(update=changes)


def _last_hour(counts: RunbookStatistics, now: datetime) -> tuple[Start, ...]:
    since = now - HOUR
    if not counts.starts or counts.starts[0].at > since:
        return counts.starts
    return tuple(start for start in counts.starts if start.at > since)


def _add_start(counts: RunbookStatistics, start: Start, now: datetime) -> dict[str, object]:
    """What changes. A minute counts as long as its last start: the limit is never passed, and once
    it is reached it may hold for up to a minute longer."""
    starts = (*_last_hour(counts, now), start)
    earlier = tuple(minute for minute in counts.earlier if minute.at > now - HOUR)
    if len(starts) > MAX_STARTS:
        at, starts = starts[0].at, starts[1:]
        last = earlier[-1] if earlier else None
        if last is None or last.since <= at - MINUTE:
            earlier = (*earlier, EarlierStarts(since=at, at=at, count=1))
        else:
            changes = {"at": max(at, last.at), "count": last.count + 1}
            earlier = (*earlier[:-1], last.model_copy(update=changes))
    return {"starts": starts, "earlier": earlier}


def _find_free(counts: RunbookStatistics, surplus: int, now: datetime) -> datetime:
    """When so many of those that count are an hour old."""
    since = now - HOUR
    ends = [(minute.at, minute.count) for minute in counts.earlier if minute.at > since]
    ends += [(start.at, 1) for start in _last_hour(counts, now)]
    left = surplus
    for at, count in ends:
        left -= count
        if left <= 0:
            return at + HOUR
    return now + HOUR
