"""The journal: an intent is written before a call goes out, its outcome after. Pure.

A result is taken only from the worker whose token stands in the lease; older ones are refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_shared.events import AnyEvent
from desk_shared.events.automation import Outcome, StepStatus

from desk_automation.domain import record
from desk_automation.domain.answers import Answer, Result
from desk_automation.domain.course import Decided, handed_over, skipped, verifying
from desk_automation.domain.model import Decision, Entry, Lease, Run
from desk_automation.domain.moves import Attempt, Pause
from desk_automation.domain.plan import Call, PlannedAct, PlannedWait


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
        "is_started": run.is_started or attempt.kind != "guard",
    }
    after = run.model_copy(update=changes)
    events: list[AnyEvent] = []
    if after.is_started and not run.is_started:
        events.append(record.started(after, now))
    if attempt.kind == "act":
        events.append(record.step_recorded(after, entry, now))
    return Decision(after, tuple(events))


def _opened(
    run: Run, attempt: Attempt, token: int, now: datetime
) -> tuple[Entry, tuple[Entry, ...]]:
    """A new line, or the open one again if its worker was lost."""
    left = run.open_act if attempt.kind == "act" else run.open_entry
    if left is not None and (left.kind, left.step) == (attempt.kind, attempt.step):
        resumed = left.model_copy(
            update={"token": token, "resumed": left.resumed + 1, "text": "its worker was lost"}
        )
        return resumed, tuple(resumed if one is left else one for one in run.journal)
    entry = Entry(
        position=run.position,
        step=attempt.step,
        kind=attempt.kind,
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


def answered(  # noqa: PLR0911 (one line for each kind of call)
    run: Run, attempt: Attempt, token: int, answer: Answer, now: datetime, jitter: float
) -> Decided | None:
    """What an answer means for the run; None if a newer worker has taken over."""
    if run.lease is None or run.lease.token != token:
        return None
    run = run.model_copy(update={"lease": None, "wake_at": now})
    if attempt.kind == "confirm":
        return _confirmed(run, attempt, answer, now, jitter)
    if attempt.kind == "act":
        return _acted(run, attempt, answer, now, jitter)
    if answer.result is Result.OK and answer.is_met:
        return _passed(run, attempt, answer, now)
    if answer.result in {Result.OK, Result.REFUSED}:
        return _not_met(run, attempt, answer, now)
    run, told = _finished(run, attempt, StepStatus.FAILED, answer.text, now)
    if run.failed_in_a_row(attempt.kind, attempt.step) >= attempt.call.attempts:
        return _told(_given_up(run, attempt, f"{attempt.step} got no answer", now), told)
    return Decision(_later(run, attempt, answer, now, jitter), told)


def paused(run: Run, pause: Pause, now: datetime) -> Decided:
    """A wait begins, or it is over."""
    attempt = _waiting(pause.step)
    if pause.is_over:
        run, told = _finished(run, attempt, StepStatus.DONE, "waited", now)
        return Decision(_next_step(run, now), told)
    _, journal = _opened(run, attempt, run.token, now)
    return Decision(run.model_copy(update={"journal": journal, "wake_at": now + pause.step.pause}))


def _waiting(step: PlannedWait) -> Attempt:
    """A wait is journalled like a call that nobody sends."""
    nothing = Call(
        method="",
        url="",
        timeout=timedelta(),
        attempts=1,
        base=timedelta(),
        cap=timedelta(),
    )
    return Attempt("wait", step.id, nothing, "", 1)


def _acted(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Decided:
    act = run.current_act
    if answer.result is Result.OK:
        return _done(run, attempt, answer, now)
    if answer.result is Result.UNKNOWN and act is not None and _must_ask(act):
        # The entry stays open: what happens next is what happens after a crash.
        return Decision(_noted(run, answer.text))
    may_retry = answer.result is not Result.REFUSED and attempt.number < attempt.call.attempts
    is_doubtful = answer.result is Result.UNKNOWN and not may_retry and not _is_repeatable(act)
    status = StepStatus.IN_DOUBT if is_doubtful else StepStatus.FAILED
    run, told = _finished(run, attempt, status, answer.text, now)
    if may_retry:
        return Decision(_later(run, attempt, answer, now, jitter), told)
    reason = f"{attempt.step} failed after {_times(attempt.number)}: {answer.text}"
    outcome = Outcome.IN_DOUBT if is_doubtful else Outcome.NOT_HEALED
    return _told(handed_over(run, outcome, reason, now), told)


def _must_ask(act: PlannedAct) -> bool:
    return act.effect in {"once", "confirmable"}


def _is_repeatable(act: PlannedAct | None) -> bool:
    """Nothing is in doubt about what changes nothing."""
    return act is not None and act.effect == "pure"


def _confirmed(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Decided:
    """The probe of a confirmable act says whether it took place."""
    act, entry = run.current_act, run.open_act
    is_answer = answer.result in {Result.OK, Result.REFUSED}
    status = StepStatus.DONE if is_answer else StepStatus.FAILED
    run, told = _finished(run, attempt, status, answer.text, now)
    if not is_answer:
        return Decision(_later(run, attempt, answer, now, jitter), told)
    if act is None or entry is None:
        return Decision(run, told)
    original = Attempt("act", act.id, act.call, act.key, entry.attempt)
    if answer.result is Result.OK and answer.is_met:
        taken = Answer(Result.OK, "it took place, as its probe says")
        return _told(_done(run, original, taken, now), told)
    not_taken = Answer(Result.NOT_TAKEN, "it did not take place, as its probe says")
    return _told(_acted(run, original, not_taken, now, jitter), told)


def _done(run: Run, attempt: Attempt, answer: Answer, now: datetime) -> Decided:
    run, told = _finished(run, attempt, StepStatus.DONE, answer.text, now)
    run = run.model_copy(update={"acted_at": now})
    return Decision(_next_step(run, now), told)


def _passed(run: Run, attempt: Attempt, answer: Answer, now: datetime) -> Decided:
    run, told = _finished(run, attempt, StepStatus.DONE, answer.text, now)
    if attempt.kind == "guard":
        return Decision(run.model_copy(update={"guarded": run.guarded + 1}), told)
    return Decision(_next_step(run, now), told)


def _not_met(run: Run, attempt: Attempt, answer: Answer, now: datetime) -> Decided:
    is_guard = attempt.kind == "guard"
    status = StepStatus.SKIPPED if is_guard else StepStatus.FAILED
    run, told = _finished(run, attempt, status, answer.text, now)
    return _told(_given_up(run, attempt, f"{attempt.step} does not hold", now), told)


def _given_up(run: Run, attempt: Attempt, reason: str, now: datetime) -> Decided:
    """A guard stops further acts; what was done before is still verified. A probe is a step."""
    if attempt.kind != "guard":
        outcome = Outcome.NOT_HEALED if run.has_acted else Outcome.NOT_RUN
        return handed_over(run, outcome, reason, now)
    if run.has_acted and run.plan.verify is not None:
        return Decision(verifying(run, now))
    return skipped(run, f"guard {attempt.step}", f"the guard {reason}", now)


def _next_step(run: Run, now: datetime) -> Run:
    run = run.model_copy(update={"position": run.position + 1, "guarded": 0, "wake_at": now})
    return verifying(run, now) if run.position >= len(run.plan.steps) else run


def _later(run: Run, attempt: Attempt, answer: Answer, now: datetime, jitter: float) -> Run:
    """The next try: exponential with full jitter, not before what the far side asked for.

    Guards are asked again then, since the world may have changed.
    """
    call = attempt.call
    ceiling = min(call.cap, call.base * 2 ** min(attempt.number - 1, 20))
    pause = max(ceiling * jitter, min(timedelta(seconds=answer.retry_after), call.cap))
    guarded = run.guarded if attempt.kind == "guard" else 0
    return run.model_copy(update={"wake_at": now + pause, "guarded": guarded})


def _noted(run: Run, text: str) -> Run:
    """The open line says what little is known."""
    journal = tuple(
        one.model_copy(update={"text": text}) if one is run.open_act else one for one in run.journal
    )
    return run.model_copy(update={"journal": journal})


def _finished(
    run: Run, attempt: Attempt, status: StepStatus, text: str, now: datetime
) -> tuple[Run, tuple[AnyEvent, ...]]:
    left = run.open_act if attempt.kind == "act" else run.open_entry
    if left is None:
        return run, ()
    entry = left.model_copy(update={"status": status, "ended_at": now, "text": text})
    journal = tuple(entry if one is left else one for one in run.journal)
    after = run.model_copy(update={"journal": journal})
    return after, (record.step_recorded(after, entry, now),)


def _told(decided: Decided, told: tuple[AnyEvent, ...]) -> Decided:
    return Decision(decided.state, (*told, *decided.events))


def _times(count: int) -> str:
    return "one try" if count == 1 else f"{count} tries"
