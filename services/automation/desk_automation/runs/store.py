"""How runs are kept and listed."""

from collections.abc import Callable, Mapping
from datetime import datetime

from desk_kernel import Context, Decision
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents, Schema

from desk_automation.runs.model import Phase, Run

MOST_COUNTED = 1000


def _run_facets(run: Run) -> Mapping[str, object]:
    """`newest` grows backwards, since listings ascend and people want the latest first; `asks` is
    whose consent it waits for, `measured` what is measured to judge it, `line` the place for which
    it waits; there the most urgent come first."""
    verify = run.plan.verify
    consent = run.consent if run.phase is Phase.AWAITING_CONSENT else None
    return {
        "target": run.target,
        "runbook": run.plan.runbook,
        "phase": str(run.phase),
        "asks": "" if consent is None else consent.person,
        "line": run.line,
        "queue_number": (int(run.plan.priority[1:]) << 40) + run.queue_number if run.line else 0,
        "measured": "" if verify is None else verify.measurement,
        "newest": -int(run.created_at.timestamp() * 1000),
    }


def _leave_out_journal(run: Run) -> Run:
    """The same run where there is nothing to leave out, so that its text is not kept twice."""
    if not (run.journal or run.samples):
        return run
    return run.model_copy(update={"journal": (), "samples": ()})


RUNS = Schema(
    collection="runs",
    model=Run,
    facets=_run_facets,
    brief=_leave_out_journal,
    remembered=500,
    lasting=("plan",),
    kept="by age: `records_days` of `runs` after its end (400 days), if it is closed",
    over=lambda run: run.over_since,
    searched=(
        ("newest",),
        ("target", "newest"),
        ("runbook", "newest"),
        ("phase", "newest"),
        ("phase", "measured"),
        ("asks", "newest"),
        ("line", "queue_number"),
    ),
)


def run_rule(decide: Callable[[Run, datetime], Decision[Run] | None]) -> Rule[Run]:
    """A change of a run, its own next moment as the document's timer; a missing run stays so."""

    def rule(run: Run | None, context: Context) -> Decision[Run] | None:
        decided = None if run is None else decide(run, context.now)
        return None if decided is None else decided._replace(due=decided.state.timer_at)

    return rule


async def count_waiting(runs: Documents[Run], line: str) -> int:
    """How many stand in a line; of more than are counted, so many."""
    return len(await runs.find_facets({"line": line}, order="queue_number", limit=MOST_COUNTED))
