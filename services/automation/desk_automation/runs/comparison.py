"""What became of a run whose runbook is compared with natural recovery."""

from datetime import timedelta

from desk_contracts.events.automation import Outcome

from desk_automation.holdback.model import Result
from desk_automation.runs.model import Run

# Whether the trouble is over is looked at when the wait is; later than this nobody knows when it
# went away.
LOOKED_AT = timedelta(minutes=1)
CLEARED = "run.signal-cleared-before"


def result_of(run: Run) -> Result:
    """Of a run that waited only what happened in its wait counts; of the others how they ended."""
    is_cleared = run.reason is not None and run.reason.code == CLEARED
    if run.arm == "waits":
        return _find_natural(run, is_cleared=is_cleared)
    if is_cleared or run.outcome is Outcome.HEALED:
        return "well"
    return "ill" if run.outcome is Outcome.NOT_HEALED else "unknown"


def _find_natural(run: Run, *, is_cleared: bool) -> Result:
    ended, until = run.ended_at, run.held_until
    if ended is None or until is None or ended < until:
        return "unknown"  # a person stopped it
    if is_cleared:
        return "well" if ended <= until + LOOKED_AT else "unknown"
    return "ill"
