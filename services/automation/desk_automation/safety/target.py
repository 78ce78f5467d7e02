"""One run at a time on a target, across all runbooks, and not too often. Durable; fails closed.

The document of a target is the lock: who holds it, who ran before, whose turn it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.frozen import Frozen
from desk_contracts.message import message

from desk_automation.safety.model import Refusal
from desk_automation.safety.queue_numbers import QueueNumbers

DAY = timedelta(hours=24)
MAX_PAST = 100
MAX_TAKINGS = 50


class PastRun(Frozen):
    """A run that was let at the target."""

    run: str
    runbook: str
    at: datetime


class Taking(Frozen):
    """A person who began to work on the target, by which ticket; its runs are not told yet."""

    by: str
    ticket: str
    at: datetime


class Target(Frozen):
    """What acts on one device or service, and what did."""

    holder: str = ""
    holder_runbook: str = ""
    held_until: datetime | None = None
    history: tuple[PastRun, ...] = ()
    queue_numbers: QueueNumbers = QueueNumbers()
    takings: tuple[Taking, ...] = ()


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """A run that wants to act, with the limits of its runbook, and its turn if it has one."""

    run: str
    runbook: str
    cooldown: timedelta
    per_day: int
    until: datetime
    queue_number: int = 0


def find_refusal(target: Target, ask: AdmissionRequest, now: datetime) -> Refusal | None:
    """Why the run may not have the target now; None if it has it or may have it."""
    if target.holder == ask.run:
        return None
    if target.holder and (target.held_until is None or target.held_until > now):
        return Refusal(
            "busy",
            message("refusal.busy", run=target.holder, runbook=target.holder_runbook),
            holder=target.holder,
            holder_runbook=target.holder_runbook,
            queue_number=ask.queue_number or target.queue_numbers.last_of(ask.runbook),
        )
    return _find_limit(target, ask, now)


def _find_limit(target: Target, ask: AdmissionRequest, now: datetime) -> Refusal | None:
    ours = [
        admitted.at
        for admitted in target.history
        if admitted.runbook == ask.runbook and admitted.run != ask.run
    ]
    if ours and max(ours) + ask.cooldown > now:
        free = max(ours) + ask.cooldown
        soon = message("refusal.cooldown", runbook=ask.runbook, cooldown=ask.cooldown)
        return Refusal("limit", soon, free)
    today = sorted(at for at in ours if at > now - DAY)
    if len(today) >= ask.per_day:
        free = today[-ask.per_day] + DAY
        often = message("refusal.per-day", runbook=ask.runbook, count=len(today))
        return Refusal("limit", often, free)
    return None


def admit(target: Target | None, ask: AdmissionRequest, now: datetime) -> Target | None:
    """The target with the run let in, or with its turn; None if nothing changes. One that asks
    again, since it was not written that it is let in, holds it for as long as from now."""
    target = target or Target()
    refused = find_refusal(target, ask, now)
    if refused is None:
        is_held = target.holder == ask.run and (target.held_until or now) >= ask.until
        return None if is_held else _let_in(target, ask, now)
    if refused.kind != "busy" or ask.queue_number:
        return None
    return target.model_copy(update={"queue_numbers": target.queue_numbers.give(ask.runbook)})


def _let_in(target: Target, ask: AdmissionRequest, now: datetime) -> Target:
    kept = tuple(admitted for admitted in target.history if admitted.run != ask.run)[
        -MAX_PAST + 1 :
    ]
    return target.model_copy(
        update={
            "holder": ask.run,
            "holder_runbook": ask.runbook,
            "held_until": ask.until,
            "history": (*kept, PastRun(run=ask.run, runbook=ask.runbook, at=now)),
            "queue_numbers": target.queue_numbers.reach(ask.queue_number),
        }
    )


def take(target: Target | None, taking: Taking) -> Target:
    """A person has the target: its runs are to be stopped."""
    target = target or Target()
    return target.model_copy(update={"takings": (*target.takings, taking)[-MAX_TAKINGS:]})


def clear_takings(target: Target | None, done: tuple[Taking, ...]) -> Target | None:
    """The target once its runs were stopped for these."""
    if target is None or not target.takings:
        return None
    left = tuple(taking for taking in target.takings if taking not in done)
    return target.model_copy(update={"takings": left})


def release(target: Target | None, run: str, *, is_void: bool = False) -> Target | None:
    """The target without the run; `is_void` if it never came to act, so that it does not count."""
    if target is None:
        return None
    changes: dict[str, object] = {}
    if target.holder == run:
        changes |= {"holder": "", "holder_runbook": "", "held_until": None}
    if is_void and any(admitted.run == run for admitted in target.history):
        changes["history"] = tuple(admitted for admitted in target.history if admitted.run != run)
    return target.model_copy(update=changes) if changes else None
