"""How runs are kept and listed."""

from collections.abc import Callable, Mapping
from datetime import datetime

from desk_kernel import Context, Decision
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Schema

from desk_automation.runs.model import Phase, Run


def _run_facets(run: Run) -> Mapping[str, object]:
    """`newest` grows backwards, since listings ascend and people want the latest first; `asks` is
    whose consent it waits for, `measured` what is measured to judge it."""
    verify = run.plan.verify
    consent = run.consent if run.phase is Phase.AWAITING_CONSENT else None
    return {
        "target": run.target,
        "runbook": run.plan.runbook,
        "phase": str(run.phase),
        "asks": "" if consent is None else consent.person,
        "measured": "" if verify is None else verify.measurement,
        "newest": -int(run.created_at.timestamp() * 1000),
    }


RUNS = Schema(
    collection="runs",
    model=Run,
    facets=_run_facets,
    brief=lambda run: run.model_copy(update={"journal": (), "samples": ()}),
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
    ),
)


def run_rule(decide: Callable[[Run, datetime], Decision[Run] | None]) -> Rule[Run]:
    """A change of a run, its own next moment as the document's timer; a missing run stays so."""

    def rule(run: Run | None, context: Context) -> Decision[Run] | None:
        decided = None if run is None else decide(run, context.now)
        return None if decided is None else decided._replace(due=decided.state.timer_at)

    return rule
