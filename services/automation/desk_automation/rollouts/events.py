"""What is published about a runbook's rings: one opened, it was stopped, it goes on. Pure."""

from collections.abc import Iterator
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.events.automation import RingOpened, RunbookResumed, RunbookStopped, StopKind

from desk_automation.rollouts.model import RolloutState, RunbookStop
from desk_automation.safety.breaker import make_runbook_event


def emit_changes(
    runbook: str, before: RolloutState | None, after: RolloutState, by: str, why: str, now: datetime
) -> Iterator[AnyEvent]:
    """What `after` says that `before` did not; `by` and `why` are of the person who lets it go
    on, empty where the desk does."""
    before = before or RolloutState()
    if before.stop is not None and before.stop.at != (after.stop.at if after.stop else None):
        resumed = RunbookResumed(
            runbook=runbook,
            title=before.stop.title,
            kind=before.stop.kind,
            stopped_at=before.stop.at,
            by=by,
            reason=why,
        )
        yield make_runbook_event(runbook, resumed, f"resumed/{before.stop.at.isoformat()}", now)
    ring = after.ring
    if ring.opened_at is not None and ring.opened_at != before.ring.opened_at:
        opened = RingOpened(
            runbook=runbook,
            version=ring.version,
            ring=ring.number,
            size=ring.size,
            waiting=len(after.waiting),
            healed=ring.earned_by,
        )
        yield make_runbook_event(
            runbook, opened, f"ring/{ring.number}/{ring.opened_at.isoformat()}", now
        )
    if (stop := after.stop) and (before.stop is None or before.stop.at != stop.at):
        yield make_runbook_event(
            runbook, _describe_stop(runbook, stop, after), f"stopped/{stop.at.isoformat()}", now
        )


def _describe_stop(runbook: str, stop: RunbookStop, after: RolloutState) -> RunbookStopped:
    return RunbookStopped(
        runbook=runbook,
        version=after.ring.version if stop.kind is StopKind.RING else "",
        title=stop.title,
        team=stop.team,
        kind=stop.kind,
        explanation=(stop.reason,),
        targets=stop.targets,
        target_count=stop.target_count,
        waiting=len(after.waiting),
        run=stop.run,
    )
