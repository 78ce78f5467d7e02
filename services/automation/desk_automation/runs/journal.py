"""The journal: an intent is written before a call goes out, its outcome after. Pure.

A result is taken only from the worker whose token stands in the lease; older ones are refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from desk_contracts import AnyEvent
from desk_contracts.events.automation import Outcome, StepStatus
from desk_contracts.message import Message, message
from desk_kernel import Backoff, Decision

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.model import Attempt, PlannedAct
from desk_automation.runs import events
from desk_automation.runs.decide import Doubt, Lost, Pause, Stop
from desk_automation.runs.lifecycle import (
    Decided,
    begin_verification,
    escalate,
    mark_in_doubt,
    skip,
    stop,
)
from desk_automation.runs.model import Entry, Lease, Run


@dataclass(frozen=True, slots=True)
class Holder:
    """The worker that wants to send a call, and for how long it may be silent."""

    name: str
    term: timedelta


def record_intent(run: Run, attempt: Attempt, holder: Holder, now: datetime) -> Decided | None:
    """The intent, the lease and a larger token in one write; None while somebody else works."""
    if run.has_live_lease(now) or run.has_ended:
        return None
    token = run.token + 1
    entry, journal = _open_line(run, attempt, token, now)
    changes = {
        "token": token,
        "lease": Lease(holder=holder.name, token=token, expires=now + holder.term),
        "timer_at": now + holder.term,
        "journal": journal,
        "reason": None,
        "is_started": run.is_started or attempt.kind not in {"guard", "wait"},
    }
    after = run.model_copy(update=changes)
    published: list[AnyEvent] = []
    if after.is_started and not run.is_started:
        published.append(events.emit_started(after, now))
    if attempt.kind == "act":
        published.append(events.emit_step(after, entry, now))
    return Decision(after, tuple(published))


def _open_line(
    run: Run, attempt: Attempt, token: int, now: datetime
) -> tuple[Entry, tuple[Entry, ...]]:
    """A new line, or the open one again if its worker was lost."""
    left = run.open_act if attempt.kind == "act" else run.open_entry
    if left is not None and (left.kind, left.step) == (attempt.kind, attempt.step):
        changes: dict[str, object] = {"token": token}
        if attempt.kind != "wait":  # nobody is lost over a wait: it was begun to be taken up later
            changes |= {"resumed": left.resumed + 1, "message": message("step.worker-lost")}
        resumed = left.model_copy(update=changes)
        return resumed, tuple(resumed if item is left else item for item in run.journal)
    entry = Entry(
        position=run.position,
        step=attempt.step,
        kind=attempt.kind,
        executor=attempt.call.executor,
        attempt=attempt.number,
        status=StepStatus.INTENT,
        token=token,
        key=attempt.key,
        at=now,
    )
    return entry, (*run.journal, entry)


def renew_lease(run: Run, token: int, term: timedelta, now: datetime) -> Decided | None:
    """A long call is still under way; None if its worker was given up meanwhile."""
    if run.lease is None or run.lease.token != token:
        return None
    lease = run.lease.model_copy(update={"expires": now + term})
    return Decision(run.model_copy(update={"lease": lease, "timer_at": now + term}))


def apply_answer(
    run: Run, attempt: Attempt, token: int, answer: Answer, now: datetime, jitter: float
) -> Decided | None:
    """What an answer means for the run; None if a newer worker has taken over."""
    if run.lease is None or run.lease.token != token:
        return _record_late(run, attempt, token, answer, now)
    run = run.model_copy(update={"lease": None, "timer_at": now})
    if attempt.kind == "confirm":
        return _apply_confirmation(run, attempt, answer, now, jitter)
    if attempt.kind == "act":
        act = _withhold if answer.is_withheld else _apply_act
        return act(run, attempt, answer, now, jitter)
    if answer.result is Result.OK:
        return _judge(run, attempt, answer, now)
    run, emitted = _finish_line(run, attempt, StepStatus.FAILED, answer, now)
    is_spent = run.sends_in_a_row(attempt.kind, attempt.step) >= attempt.call.attempts
    if not is_spent and answer.result is not Result.REFUSED:
        later = _schedule_retry(run, attempt, answer, now, jitter)
        if later is not None:
            return Decision(later, emitted)
    return _prepend(_give_up_untold(run, attempt, answer.message, now), emitted)


def give_up_question(run: Run, move: Lost, now: datetime) -> Decided:
    """Nobody is left who could hear the answer to a question, and it may not be asked again."""
    answer = Answer(Result.UNKNOWN, message("step.worker-lost-each-time"))
    run, emitted = _finish_line(run, move.attempt, StepStatus.FAILED, answer, now)
    return _prepend(_give_up_untold(run, move.attempt, answer.message, now), emitted)


def _record_late(
    run: Run, attempt: Attempt, token: int, answer: Answer, now: datetime
) -> Decided | None:
    """An act that answers when its run is over is a fact of that run all the same."""
    may_have_acted = answer.is_sent and answer.result in {Result.OK, Result.UNKNOWN}
    if not run.has_ended or attempt.kind != "act" or not may_have_acted:
        return None
    entry = Entry(
        position=run.position,
        step=attempt.step,
        kind="act",
        executor=attempt.call.executor,
        attempt=attempt.number,
        status=StepStatus.IN_DOUBT,
        token=token,
        key=attempt.key,
        at=now,
        ended_at=now,
        message=message("step.answered-when-over", answer=answer.message),
    )
    if any(item.token == token and item.message == entry.message for item in run.journal):
        return None
    after = run.model_copy(update={"journal": (*run.journal, entry)})
    return Decision(after, (events.emit_late_step(after, entry, now),))


def take(run: Run, action: Lost | Pause | Doubt | Stop, now: datetime) -> Decided:
    """What the run's own document decides, without anything from outside."""
    match action:
        case Lost():
            return give_up_question(run, action, now)
        case Pause():
            return begin_wait(run, action, now)
        case Doubt():
            return mark_in_doubt(run, action.why, now)
        case Stop():
            return stop(run, action, now)
        case _:
            assert_never(action)


def begin_wait(run: Run, pause: Pause, now: datetime) -> Decided:
    """A wait begins: the run rests until it is over."""
    step = pause.step
    attempt = Attempt("wait", step.id, step.call, step.key, 1)
    _, journal = _open_line(run, attempt, run.token, now)
    return Decision(run.model_copy(update={"journal": journal, "timer_at": now + step.pause}))


def _apply_act(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Decided:
    act = run.current_act
    if answer.result is Result.OK:
        return _complete(run, attempt, answer, now)
    if answer.result is Result.UNKNOWN and act is not None and _must_ask(act):
        # The entry stays open: what happens next is what happens after a crash.
        journal = tuple(
            entry.model_copy(update={"message": answer.message}) if entry is run.open_act else entry
            for entry in run.journal
        )
        changed = run.model_copy(update={"journal": journal})
        until = now + timedelta(seconds=answer.retry_after)
        if act.confirm is not None and run.deadline is not None and until > run.deadline:
            late = message("doubt.asked-too-late", answer=answer.message)
            return mark_in_doubt(changed, late, now)
        return Decision(changed.model_copy(update={"timer_at": until}))
    is_doubtful = answer.result is Result.UNKNOWN and not _is_repeatable(act)
    left = run.open_act
    is_asked = act is None or _must_ask(act) or _is_repeatable(act)
    if left is not None and left.resumed > 0 and not is_asked:
        # A worker was lost that may have sent it; what must be asked was asked before. A no to the
        # second sending says nothing of the first.
        answer = replace(answer, message=message("step.sent-unheard", answer=answer.message))
        is_doubtful = True
    status = StepStatus.IN_DOUBT if is_doubtful else StepStatus.FAILED
    run, emitted = _finish_line(run, attempt, status, answer, now)
    if is_doubtful:
        # Should nothing more be sent, telemetry from here on tells whether it helped.
        run = run.model_copy(update={"acted_at": now})
    return _prepend(_try_again(run, attempt, answer, now, jitter), emitted)


def _try_again(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Decided:
    """Later, if it may be sent once more; else people get it. Who stopped it ends it next."""
    if run.cancelled_by:
        return Decision(run)
    sends = run.sends("act", attempt.step)
    if answer.result is not Result.REFUSED and sends < attempt.call.attempts:
        later = _schedule_retry(run, attempt, answer, now, jitter)
        if later is not None:
            return Decision(later)
    reason = message("run.failed-after", step=attempt.step, count=sends, answer=answer.message)
    outcome = Outcome.NOT_HEALED if run.has_sent else Outcome.NOT_RUN
    return escalate(run, outcome, reason, now)


def _withhold(run: Run, attempt: Attempt, answer: Answer, now: datetime, _jitter: float) -> Decided:
    """A person stopped it before a byte left. What a lost worker may have sent stays open."""
    left = run.open_act
    if left is not None and left.resumed > 0:
        return Decision(run)
    return Decision(*_finish_line(run, attempt, StepStatus.SKIPPED, answer, now))


def _must_ask(act: PlannedAct) -> bool:
    return act.effect in {"once", "confirmable"}


def _is_repeatable(act: PlannedAct | None) -> bool:
    """Nothing is in doubt about what changes nothing."""
    return act is not None and act.effect == "pure"


def _apply_confirmation(
    run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float
) -> Decided:
    """The probe of a confirmable act says whether it took place."""
    act, entry = run.current_act, run.open_act
    is_answer = answer.result is Result.OK
    status = StepStatus.DONE if is_answer else StepStatus.FAILED
    run, emitted = _finish_line(run, attempt, status, answer, now)
    if not is_answer:
        later = _schedule_retry(run, attempt, answer, now, jitter)
        if later is None or answer.result is Result.REFUSED:
            why = message("doubt.not-answered", answer=answer.message)
            return _prepend(mark_in_doubt(run, why, now), emitted)
        return Decision(later, emitted)
    if act is None or entry is None:
        return Decision(run, emitted)
    original = Attempt("act", act.id, act.call, act.key, entry.attempt)
    if answer.is_met:
        taken = Answer(Result.OK, message("step.took-place"))
        return _prepend(_complete(run, original, taken, now), emitted)
    not_taken = Answer(Result.NOT_TAKEN, message("step.did-not-take-place"))
    return _prepend(_apply_act(run, original, not_taken, now, jitter), emitted)


def _complete(run: Run, attempt: Attempt, answer: Answer, now: datetime) -> Decided:
    run, emitted = _finish_line(
        _settle_doubts(run, attempt.step), attempt, StepStatus.DONE, answer, now
    )
    if (undoing := run.undoing) is not None:
        run = run.model_copy(update={"position": run.position + 1, "timer_at": now})
        if run.position < len(run.steps):
            return Decision(run, emitted)
        return _prepend(escalate(run, undoing.outcome, undoing.reason, now), emitted)
    run = run.model_copy(update={"acted_at": now})
    return Decision(_advance(run, now), emitted)


def _settle_doubts(run: Run, step: str) -> Run:
    """Earlier tries of a step under the same key are in doubt no more once one has answered."""
    journal = tuple(
        entry.model_copy(
            update={
                "status": StepStatus.FAILED,
                "message": message("step.answered-later", before=entry.message or ""),
            }
        )
        if entry in run.doubts and entry.step == step
        else entry
        for entry in run.journal
    )
    return run.model_copy(update={"journal": journal})


def _judge(run: Run, attempt: Attempt, answer: Answer, now: datetime) -> Decided:
    """What was asked has an answer: it holds, or it does not. A wait always holds."""
    is_guard = attempt.kind == "guard"
    if answer.is_met:
        run, emitted = _finish_line(run, attempt, StepStatus.DONE, answer, now)
        if is_guard:
            return Decision(run.model_copy(update={"guarded": run.guarded + 1}), emitted)
        return Decision(_advance(run, now), emitted)
    status = StepStatus.SKIPPED if is_guard else StepStatus.FAILED
    run, emitted = _finish_line(run, attempt, status, answer, now)
    if is_guard and not _is_verified(run):
        reason = message("run.guard-does-not-hold", step=attempt.step)
        return _prepend(skip(run, reason, now), emitted)
    reason = message("run.step-does-not-hold", step=attempt.step)
    return _prepend(_give_up(run, attempt, reason, now), emitted)


def _give_up_untold(run: Run, attempt: Attempt, why: Message, now: datetime) -> Decided:
    """Whether it holds is unknown: people get it, since nobody knows that all is well."""
    reason = message("run.could-not-be-told", step=attempt.step, answer=why)
    return _give_up(run, attempt, reason, now)


def _give_up(run: Run, attempt: Attempt, reason: Message, now: datetime) -> Decided:
    """A guard stops further acts; what was done before is still verified. A probe is a step."""
    if attempt.kind == "guard" and _is_verified(run):
        return Decision(begin_verification(run, now))
    outcome = Outcome.NOT_HEALED if run.has_acted else Outcome.NOT_RUN
    return escalate(run, outcome, reason, now)


def _is_verified(run: Run) -> bool:
    return run.has_acted and run.plan.verify is not None


def _advance(run: Run, now: datetime) -> Run:
    run = run.model_copy(update={"position": run.position + 1, "guarded": 0, "timer_at": now})
    return begin_verification(run, now) if run.position >= len(run.plan.steps) else run


def _schedule_retry(
    run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float
) -> Run | None:
    """The next try: exponential with full jitter, not before what the far side asked for.

    Guards are asked again then, since the world may have changed. None if that is later than the
    run may take: a cap of ours never calls a target sooner than it allowed.
    """
    call = attempt.call
    ceiling = Backoff(call.base, call.cap).after(attempt.number)
    pause = max(ceiling * jitter, timedelta(seconds=answer.retry_after))
    if answer.retry_after and run.deadline is not None and now + pause > run.deadline:
        return None
    guarded = run.guarded if attempt.kind == "guard" else 0
    return run.model_copy(update={"timer_at": now + pause, "guarded": guarded})


def _finish_line(
    run: Run, attempt: Attempt, status: StepStatus, answer: Answer, now: datetime
) -> tuple[Run, tuple[AnyEvent, ...]]:
    left = run.open_act if attempt.kind == "act" else run.open_entry
    if left is None:
        return run, ()
    changes = {"status": status, "ended_at": now, "message": answer.message}
    # Of a worker that was lost nobody knows whether it had sent.
    changes["is_sent"] = answer.is_sent or left.resumed > 0
    entry = left.model_copy(update=changes)
    journal = tuple(entry if item is left else item for item in run.journal)
    after = run.model_copy(update={"journal": journal})
    return after, (events.emit_step(after, entry, now),)


def _prepend(decided: Decided, emitted: tuple[AnyEvent, ...]) -> Decided:
    return Decision(decided.state, (*emitted, *decided.events))
