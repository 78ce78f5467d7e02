"""Logs of what runs of one runbook said, and people who promote it."""

from datetime import UTC, datetime, timedelta
from typing import cast

from desk_automation.promotion.decide import Version, demote, promote, promotion_id
from desk_automation.promotion.model import PromotionState
from desk_automation.runs.plan import version_of
from desk_charter.runbook_brakes import Mode
from desk_charter.runbooks import Runbook
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.automation import (
    Outcome,
    RunApprovalRecorded,
    RunbookStopped,
    RunEscalated,
    RunHealed,
    RunRelapsed,
    StopKind,
    UndoState,
)
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.kafka import CommandQueue

from tests.support.automation_engine import runbook

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULES = {"ceiling": "auto", "runs": 3, "healed_percent": 50, "approved_percent": 50, "age": "5m"}


def version_with(**changes: object) -> Version:
    """The runbook of the logs, as its charter declares it."""
    book = runbook(mode="approve", promotion=RULES, **changes)
    return Version(version_of(book), book)


VERSION = version_with().hash


def entry(kind: str, number: int, version: str = VERSION) -> AnyEvent:
    """One event, a minute after the one before."""
    common = {"run": f"run-{number}", "runbook": "clean-disk", "title": "Free space"}
    of_run = common | {"version": version}
    failed = of_run | {"team": "workplace", "reason": message("promotion.harmed")}
    data: dict[str, Payload] = {
        "yes": _vote(number, version, is_approved=True),
        "no": _vote(number, version, is_approved=False),
        "healed": RunHealed.model_validate(of_run),
        "corrected": RunHealed.model_validate(of_run | {"corrects": Outcome.INCONCLUSIVE}),
        "failed": RunEscalated.model_validate(failed | {"outcome": Outcome.NOT_HEALED}),
        "unknown": RunEscalated.model_validate(failed | {"outcome": Outcome.INCONCLUSIVE}),
        "harmed": RunEscalated.model_validate(
            failed | {"outcome": Outcome.NOT_HEALED, "undo": UndoState.CANNOT_UNDO}
        ),
        "relapsed": RunRelapsed.model_validate(
            of_run
            | {"team": "workplace", "again": "e", "healed_at": MORNING, "relapsed_at": MORNING}
        ),
        "stopped": RunbookStopped.model_validate(
            {name: value for name, value in of_run.items() if name != "run"}
            | {"team": "workplace", "kind": StopKind.BREAKER, "explanation": ()}
        ),
    }
    at = MORNING + timedelta(minutes=number)
    return Event(f"event-{number}", "/desk/automation", f"laptop-{number}", at, data[kind])


KINDS = ("yes", "no", "healed", "corrected", "failed", "unknown", "harmed", "relapsed", "stopped")


def _vote(number: int, version: str, *, is_approved: bool) -> RunApprovalRecorded:
    return RunApprovalRecorded(
        run=f"run-{number}",
        runbook="clean-disk",
        version=version,
        plan="p",
        by="bo",
        is_approved=is_approved,
        given=int(is_approved),
        needed=1,
    )


async def decide_promotion(
    promotions: CommandQueue[PromotionState], book: Runbook, mode: str, *, by: str
) -> None:
    """A person promotes it to the mode, or takes that back where none is named."""
    version = Version(version_of(book), book)

    def rule(state: PromotionState | None, context: Context) -> Decision[PromotionState]:
        if mode:
            return promote(state, version, cast("Mode", mode), by, "It helps.", context.now)
        return demote(state, version, by, "We want to look.", context.now)

    await promotions.change(promotion_id(book.id, version.hash), rule)
