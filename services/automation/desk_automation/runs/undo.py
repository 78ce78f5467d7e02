"""Taking back, in reverse order, what a run did that did not help. Pure.

Nothing is taken back by itself where it is in doubt what was done, or whether it helped, or where a
person has the run: they get it as it is, and are told so.
"""

from datetime import datetime, timedelta

from desk_contracts.events.automation import Outcome, StepStatus, UndoState
from desk_contracts.message import Message, message

from desk_automation.actions.model import PlannedAct
from desk_automation.runs.model import Phase, Run, Undoing


def may_begin(run: Run, outcome: Outcome) -> bool:
    """Whether it is certain that it did not help, and something can be taken back."""
    is_certain = outcome is Outcome.NOT_HEALED and not run.doubts and run.open_act is None
    return is_certain and not run.cancelled_by and run.undoing is None and _has_undo(run)


def begin(run: Run, outcome: Outcome, reason: Message, now: datetime, until: datetime) -> Run:
    """The last step that was done is taken back first; `until` and their own time bound it."""
    steps = tuple(step.undo for step in reversed(_done(run)) if step.undo is not None)
    calls = [step.call for step in steps]
    budget = sum((call.attempts * (call.timeout + call.cap) for call in calls), timedelta())
    changes = {
        "phase": Phase.UNDOING,
        "undoing": Undoing(steps=steps, outcome=outcome, reason=reason),
        "position": len(run.plan.steps),
        "reason": reason,
        "lease": None,
        "timer_at": now,
        "deadline": until + budget,
    }
    return run.model_copy(update=changes)


def settle(run: Run, outcome: Outcome, reason: Message) -> tuple[Run, Outcome, Message]:
    """What is told of a run that ends: how it ended, and what of its changes is still there."""
    undoing = run.undoing
    if undoing is None:
        if not _has_undo(run):
            return run, outcome, reason
        left = message("undo.not-undone", reason=reason)
        return run.model_copy(update={"undo": UndoState.NOT_UNDONE}), outcome, left
    done = sum(
        entry.kind == "act"
        and entry.position >= len(run.plan.steps)
        and entry.status is StepStatus.DONE
        for entry in run.journal
    )
    state = UndoState.PARTLY_UNDONE if done else UndoState.CANNOT_UNDO
    if done == len(undoing.steps) == len(_done(run)):
        state = UndoState.UNDONE
    is_doubtful = outcome is Outcome.IN_DOUBT
    if is_doubtful:
        state = UndoState.IN_DOUBT
    why = _describe(state, undoing.reason, reason if reason != undoing.reason else "")
    ended = run.model_copy(update={"undo": state})
    return ended, Outcome.IN_DOUBT if is_doubtful else undoing.outcome, why


def _describe(state: UndoState, reason: Message, why: Message | str) -> Message:
    match state:
        case UndoState.UNDONE:
            return message("undo.undone", reason=reason)
        case UndoState.PARTLY_UNDONE:
            return message("undo.partly-undone", reason=reason, why=why)
        case UndoState.IN_DOUBT:
            return message("undo.in-doubt", reason=reason, why=why)
        case _:
            return message("undo.cannot-undo", reason=reason, why=why)


def _has_undo(run: Run) -> bool:
    return any(step.undo is not None for step in _done(run))


def _done(run: Run) -> list[PlannedAct]:
    """The acts of the plan that were done, in order."""
    done = {
        entry.position
        for entry in run.journal
        if entry.kind == "act" and entry.status is StepStatus.DONE
    }
    return [
        step
        for position, step in enumerate(run.plan.steps)
        if position in done and isinstance(step, PlannedAct)
    ]
