"""What is published about a runbook's breaker: it opened, what it withholds, it is closed. Pure.

A try that fails keeps it open, and says nothing new: what is told is told once for each stop.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.automation import RunbookResumed, RunbookStopped, StopKind
from desk_contracts.events.breakers import RunbookMatchesWithheld
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, Param, message
from desk_contracts.names import AUTOMATION_SOURCE
from desk_kernel import Context, Decision

from desk_automation.safety.model import Bounds
from desk_automation.safety.statistics import BreakerEpisode, RunbookStatistics
from desk_automation.safety.withheld import begin_episode, is_told

# So many targets are listed; the event counts all.
MAX_TARGETS = 50
Change = Callable[[RunbookStatistics | None, datetime], RunbookStatistics | None]
CountRule = Callable[[RunbookStatistics | None, Context], Decision[RunbookStatistics] | None]


@dataclass(frozen=True, slots=True)
class Counted:
    """The run that is counted, and the evidence that it brings: how it ended, or its relapse."""

    run: str
    version: str
    title: str
    team: str
    bounds: Bounds
    cause: str = ""
    evidence: Message | None = None
    is_relapse: bool = False


def breaker_rule(change: Change, counted: Counted) -> CountRule:
    """A change of the statistics with the events that tell of the breaker."""

    def rule(
        state: RunbookStatistics | None, context: Context
    ) -> Decision[RunbookStatistics] | None:
        after = change(state, context.now)
        if after is None:
            return None
        before = state or RunbookStatistics()
        since = (before.stopped_at or before.opened_at) if before.opened_at else context.now
        changes: dict[str, object] = {"stopped_at": since if after.opened_at else None}
        if after.opened_at is not None and before.opened_at is None:
            changes["episode"] = begin_episode(counted.run, counted.cause, context.now)
        after = after.model_copy(update=changes)
        return Decision(after, tuple(_emit(context.id, before, after, counted, context.now)))

    return rule


def _emit(
    runbook: str,
    before: RunbookStatistics,
    after: RunbookStatistics,
    counted: Counted,
    now: datetime,
) -> Iterator[AnyEvent]:
    since = before.stopped_at or before.opened_at
    if since is not None and after.opened_at is None:
        episode = after.episode or BreakerEpisode(since=since)
        resumed = RunbookResumed(
            runbook=runbook,
            title=counted.title,
            kind=StopKind.BREAKER,
            stopped_at=since,
            withheld=episode.withheld,
            targets=episode.targets,
        )
        yield make_runbook_event(runbook, resumed, f"breaker-closed/{since.isoformat()}", now)
    is_over = after.opened_at is None
    if after.episode and is_told(before.episode, after.episode, is_over=is_over):
        yield _tell_withheld(runbook, after, after.episode, counted, now)
    if since is None and after.opened_at is not None:
        until = after.opened_at + counted.bounds.reopen_after
        yield _tell_opening(runbook, after, counted, until, now)


def _tell_opening(
    runbook: str, counts: RunbookStatistics, counted: Counted, until: datetime, now: datetime
) -> AnyEvent:
    facts: dict[str, Param] = {"count": counts.failures, "until": until}
    why = (
        message("stop.relapses", **facts)
        if counted.is_relapse
        else message("stop.breaker", **facts)
    )
    evidence = () if counted.evidence is None else (counted.evidence,)
    stopped = RunbookStopped(
        runbook=runbook,
        version=counted.version,
        title=counted.title,
        team=counted.team,
        kind=StopKind.BREAKER,
        explanation=(why, *evidence),
        targets=counts.failed[-MAX_TARGETS:],
        target_count=len(counts.failed),
        run=counted.run,
        until=until,
    )
    return make_runbook_event(runbook, stopped, f"breaker-opened/{counted.run}", now)


def _tell_withheld(
    runbook: str,
    counts: RunbookStatistics,
    episode: BreakerEpisode,
    counted: Counted,
    now: datetime,
) -> AnyEvent:
    data = RunbookMatchesWithheld(
        runbook=runbook,
        version=counted.version,
        title=counted.title,
        team=counted.team,
        stopped_at=episode.since,
        run=episode.run,
        failures=counts.failures,
        count=episode.withheld,
        targets=episode.targets,
    )
    rule = f"breaker-withheld/{episode.since.isoformat()}/{episode.withheld}"
    return make_runbook_event(runbook, data, rule, now)


def make_runbook_event(runbook: str, data: Payload, rule: str, at: datetime) -> AnyEvent:
    """What is told of a runbook; the same rule gives the same id, however often it is told."""
    return Event(
        id=derive_id(runbook, rule),
        source=AUTOMATION_SOURCE,
        subject=runbook,
        time=at,
        data=data,
    )
