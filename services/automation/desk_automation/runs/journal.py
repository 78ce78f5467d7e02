"""The journal: an intent is written before a call goes out, its outcome after. Pure.

A result is taken only from the worker whose token stands in the lease; older ones are refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from desk_shared.events import AnyEvent
from desk_shared.events.automation import Outcome, StepStatus
from desk_shared.events.message import Message, message
from desk_shared.kernel import Backoff, Decision

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.model import Attempt, PlannedAct
from desk_automation.runs import events
from desk_automation.runs.decide import Doubt, Lost, Pause, Stop
from desk_automation.runs.lifecycle import Decided, doubted, escalated, skipped, stopped, verifying
from desk_automation.runs.model import Entry, Lease, Run


@dataclass(frozen=True, slots=True)
class Holder:
    """The worker that wants to send a call, and for how long it may be silent."""

    name: str
    term: timedelta


def intended(run: Run, attempt: Attempt, holder: Holder, now: datetime) -> Decided | None:
    """The intent, the lease and a larger token in one write; None while somebody else works."""
    if run.has_live_lease(now) or run.has_ended:
        return None
    token = run.token + 1
    entry, journal = _opened(run, attempt, token, now)
    changes = {
        "token": token,
        "lease": Lease(holder=holder.name, token=token, expires=now + holder.term),
        "wake_at": now + holder.term,
        "journal": journal,
        "is_started": run.is_started or attempt.kind not in {"guard", "wait"},
    }
    after = run.model_copy(update=changes)
    published: list[AnyEvent] = []
    if after.is_started and not run.is_started:
        published.append(events.started(after, now))
    if attempt.kind == "act":
        published.append(events.step_recorded(after, entry, now))
    return Decision(after, tuple(published))


def _opened(
    run: Run, attempt: Attempt, token: int, now: datetime
) -> tuple[Entry, tuple[Entry, ...]]:
    """A new line, or the open one again if its worker was lost."""
    left = run.open_act if attempt.kind == "act" else run.open_entry
    if left is not None and (left.kind, left.step) == (attempt.kind, attempt.step):
        changes: dict[str, object] = {"token": token}
        if attempt.kind != "wait":  # nobody is lost over a wait: it was begun to be taken up later
            changes |= {"resumed": left.resumed + 1, "message": message("step.worker-lost")}
        resumed = left.model_copy(update=changes)
        return resumed, tuple(resumed if one is left else one for one in run.journal)
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


def prolonged(run: Run, token: int, term: timedelta, now: datetime) -> Decided | None:
    """A long call is still under way; None if its worker was given up meanwhile."""
    if run.lease is None or run.lease.token != token:
        return None
    lease = run.lease.model_copy(update={"expires": now + term})
    return Decision(run.model_copy(update={"lease": lease, "wake_at": now + term}))


def answered(
    run: Run, attempt: Attempt, token: int, answer: Answer, now: datetime, jitter: float
) -> Decided | None:
    """What an answer means for the run; None if a newer worker has taken over."""
    if run.lease is None or run.lease.token != token:
        return _late(run, attempt, token, answer, now)
    run = run.model_copy(update={"lease": None, "wake_at": now})
    if attempt.kind == "confirm":
        return _confirmed(run, attempt, answer, now, jitter)
    if attempt.kind == "act":
        return _acted(run, attempt, answer, now, jitter)
    if answer.result is Result.OK:
        return _judge(run, attempt, answer, now)
    run, told = _finished(run, attempt, StepStatus.FAILED, answer, now)
    is_spent = run.sends_in_a_row(attempt.kind, attempt.step) >= attempt.call.attempts
    if not is_spent and answer.result is not Result.REFUSED:
        later = _later(run, attempt, answer, now, jitter)
        if later is not None:
            return Decision(later, told)
    return _told(_untold(run, attempt, answer.message, now), told)


def lost(run: Run, move: Lost, now: datetime) -> Decided:
    """Nobody is left who could hear the answer to a question, and it may not be asked again."""
    answer = Answer(Result.UNKNOWN, message("step.worker-lost-each-time"))
    run, told = _finished(run, move.attempt, StepStatus.FAILED, answer, now)
    return _told(_untold(run, move.attempt, answer.message, now), told)


def _late(run: Run, attempt: Attempt, token: int, answer: Answer, now: datetime) -> Decided | None:
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
    if any(one.token == token and one.message == entry.message for one in run.journal):
        return None
    after = run.model_copy(update={"journal": (*run.journal, entry)})
    return Decision(after, (events.came_late(after, entry, now),))


def take(run: Run, action: Lost | Pause | Doubt | Stop, now: datetime) -> Decided:
    """What the run's own document decides, without anything from outside."""
    match action:
        case Lost():
            return lost(run, action, now)
        case Pause():
            return paused(run, action, now)
        case Doubt():
            return doubted(run, action.why, now)
        case Stop():
            return stopped(run, action, now)
        case _:
            assert_never(action)


def paused(run: Run, pause: Pause, now: datetime) -> Decided:
    """A wait begins: the run rests until it is over."""
    step = pause.step
    attempt = Attempt("wait", step.id, step.call, step.key, 1)
    _, journal = _opened(run, attempt, run.token, now)
    return Decision(run.model_copy(update={"journal": journal, "wake_at": now + step.pause}))


def _acted(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Decided:
    act = run.current_act
    if answer.result is Result.OK:
        return _done(run, attempt, answer, now)
    if answer.result is Result.UNKNOWN and act is not None and _must_ask(act):
        # The entry stays open: what happens next is what happens after a crash.
        journal = tuple(
            entry.model_copy(update={"message": answer.message}) if entry is run.open_act else entry
            for entry in run.journal
        )
        asked = run.model_copy(update={"journal": journal})
        until = now + timedelta(seconds=answer.retry_after)
        if act.confirm is not None and run.deadline is not None and until > run.deadline:
            late = message("doubt.asked-too-late", answer=answer.message)
            return doubted(asked, late, now)
        return Decision(asked.model_copy(update={"wake_at": until}))
    is_doubtful = answer.result is Result.UNKNOWN and not _is_repeatable(act)
    left = run.open_act
    is_asked = act is None or _must_ask(act) or _is_repeatable(act)
    if left is not None and left.resumed > 0 and not is_asked:
        # A worker was lost that may have sent it; what must be asked was asked before. A no to the
        # second sending says nothing of the first.
        answer = replace(answer, message=message("step.sent-unheard", answer=answer.message))
        is_doubtful = True
    status = StepStatus.IN_DOUBT if is_doubtful else StepStatus.FAILED
    run, told = _finished(run, attempt, status, answer, now)
    if is_doubtful:
        # Should nothing more be sent, telemetry from here on tells whether it helped.
        run = run.model_copy(update={"acted_at": now})
    sends = run.sends("act", attempt.step)
    if answer.result is not Result.REFUSED and sends < attempt.call.attempts:
        later = _later(run, attempt, answer, now, jitter)
        if later is not None:
            return Decision(later, told)
    reason = message("run.failed-after", step=attempt.step, count=sends, answer=answer.message)
    outcome = Outcome.NOT_HEALED if run.has_sent else Outcome.NOT_RUN
    return _told(escalated(run, outcome, reason, now), told)


def _must_ask(act: PlannedAct) -> bool:
    return act.effect in {"once", "confirmable"}


def _is_repeatable(act: PlannedAct | None) -> bool:
    """Nothing is in doubt about what changes nothing."""
    return act is not None and act.effect == "pure"


def _confirmed(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Decided:
    """The probe of a confirmable act says whether it took place."""
    act, entry = run.current_act, run.open_act
    is_answer = answer.result is Result.OK
    status = StepStatus.DONE if is_answer else StepStatus.FAILED
    run, told = _finished(run, attempt, status, answer, now)
    if not is_answer:
        later = _later(run, attempt, answer, now, jitter)
        if later is None or answer.result is Result.REFUSED:
            why = message("doubt.not-answered", answer=answer.message)
            return _told(doubted(run, why, now), told)
        return Decision(later, told)
    if act is None or entry is None:
        return Decision(run, told)
    original = Attempt("act", act.id, act.call, act.key, entry.attempt)
    if answer.is_met:
        taken = Answer(Result.OK, message("step.took-place"))
        return _told(_done(run, original, taken, now), told)
    not_taken = Answer(Result.NOT_TAKEN, message("step.did-not-take-place"))
    return _told(_acted(run, original, not_taken, now, jitter), told)


def _done(run: Run, attempt: Attempt, answer: Answer, now: datetime) -> Decided:
    run, told = _finished(_settled(run, attempt.step), attempt, StepStatus.DONE, answer, now)
    run = run.model_copy(update={"acted_at": now})
    return Decision(_next_step(run, now), told)


def _settled(run: Run, step: str) -> Run:
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
        run, told = _finished(run, attempt, StepStatus.DONE, answer, now)
        if is_guard:
            return Decision(run.model_copy(update={"guarded": run.guarded + 1}), told)
        return Decision(_next_step(run, now), told)
    status = StepStatus.SKIPPED if is_guard else StepStatus.FAILED
    run, told = _finished(run, attempt, status, answer, now)
    if is_guard and not _is_verified(run):
        reason = message("run.guard-does-not-hold", step=attempt.step)
        return _told(skipped(run, reason, now), told)
    reason = message("run.step-does-not-hold", step=attempt.step)
    return _told(_given_up(run, attempt, reason, now), told)


def _untold(run: Run, attempt: Attempt, why: Message, now: datetime) -> Decided:
    """Whether it holds cannot be told: people get it, since nobody knows that all is well."""
    reason = message("run.could-not-be-told", step=attempt.step, answer=why)
    return _given_up(run, attempt, reason, now)


def _given_up(run: Run, attempt: Attempt, reason: Message, now: datetime) -> Decided:
    """A guard stops further acts; what was done before is still verified. A probe is a step."""
    if attempt.kind == "guard" and _is_verified(run):
        return Decision(verifying(run, now))
    outcome = Outcome.NOT_HEALED if run.has_acted else Outcome.NOT_RUN
    return escalated(run, outcome, reason, now)


def _is_verified(run: Run) -> bool:
    return run.has_acted and run.plan.verify is not None


def _next_step(run: Run, now: datetime) -> Run:
    run = run.model_copy(update={"position": run.position + 1, "guarded": 0, "wake_at": now})
    return verifying(run, now) if run.position >= len(run.plan.steps) else run


def _later(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Run | None:
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
    return run.model_copy(update={"wake_at": now + pause, "guarded": guarded})


def _finished(
    run: Run, attempt: Attempt, status: StepStatus, answer: Answer, now: datetime
) -> tuple[Run, tuple[AnyEvent, ...]]:
    left = run.open_act if attempt.kind == "act" else run.open_entry
    if left is None:
        return run, ()
    changes = {"status": status, "ended_at": now, "message": answer.message}
    # Of a worker that was lost nobody knows whether it had sent.
    changes["is_sent"] = answer.is_sent or left.resumed > 0
    entry = left.model_copy(update=changes)
    journal = tuple(entry if one is left else one for one in run.journal)
    after = run.model_copy(update={"journal": journal})
    return after, (events.step_recorded(after, entry, now),)


def _told(decided: Decided, told: tuple[AnyEvent, ...]) -> Decided:
    return Decision(decided.state, (*told, *decided.events))
