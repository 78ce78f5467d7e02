"""How automation's four collections are kept."""

from collections.abc import Mapping

from desk_shared.store import Schema

from desk_automation.domain.books import Book
from desk_automation.domain.model import Run
from desk_automation.domain.subjects import Subject
from desk_automation.domain.targets import Target


def _run_facets(run: Run) -> Mapping[str, object]:
    """`newest` grows backwards, since listings ascend and people want the latest first."""
    return {
        "target": run.target,
        "runbook": run.plan.runbook,
        "phase": str(run.phase),
        "newest": -int(run.created_at.timestamp() * 1000),
    }


RUNS = Schema(
    collection="runs",
    model=Run,
    facets=_run_facets,
    brief=lambda run: run.model_copy(update={"journal": (), "samples": ()}),
    searched=(("newest",), ("target", "newest"), ("runbook", "newest"), ("phase", "newest")),
)
TARGETS = Schema(collection="targets", model=Target)
BOOKS = Schema(collection="runbooks", model=Book)
SUBJECTS = Schema(collection="subjects", model=Subject)
