"""What a run does next, decided from its document alone, so any worker can go on after a crash."""

from dataclasses import dataclass
from datetime import datetime

from desk_contracts.events.automation import Outcome
from desk_contracts.message import Message, message

from desk_automation.actions.model import Attempt, EntryKind, PlannedAct, PlannedProbe, PlannedWait
from desk_automation.runs.model import Entry, Phase, Run
from desk_automation.runs.plan import Plan


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before the run's next moment."""


@dataclass(frozen=True, slots=True)
class RequestApproval:
    """Ask people for their yes to the plan."""


@dataclass(frozen=True, slots=True)
class AwaitApproval:
    """Look whether the trouble is over, or the time for a yes."""


@dataclass(frozen=True, slots=True)
class RequestConsent:
    """Ask the person at the device."""


@dataclass(frozen=True, slots=True)
class AwaitConsent:
    """Look whether the trouble is over, the chosen moment has come, or the time for an answer."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Ask the target and the runbook whether the run may start."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A question was sent as often as it may be, and its last worker was lost."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Pause:
    """Begin a durable wait; the run rests until it is over."""

    step: PlannedWait


@dataclass(frozen=True, slots=True)
class Doubt:
    """An effect may have happened and nobody can tell: a person has to look."""

    why: Message


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop before the next step."""

    why: Message
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Judge:
    """Compare fresh telemetry with what the runbook expects."""


@dataclass(frozen=True, slots=True)
class Review:
    """Look whether measurements that came late show that it helped after all."""


@dataclass(frozen=True, slots=True)
class Close:
    """Let go of target and watch, and count the outcome."""


NextAction = (
    Rest
    | RequestApproval
    | AwaitApproval
    | RequestConsent
    | AwaitConsent
    | Admit
    | Attempt
    | Lost
    | Pause
    | Doubt
    | Stop
    | Judge
    | Review
    | Close
)


def next_action(run: Run, now: datetime) -> NextAction:
    """The next thing to do for a run; the same answer to every worker that asks."""
    if run.has_ended:
        if not run.is_closed:
            return Close()
        is_due = run.timer_at is not None and run.timer_at <= now
        return Review() if is_due and run.may_be_corrected else Rest()
    if run.has_live_lease(now):
        return Rest()
    return _proceed(run, now)


def _proceed(run: Run, now: datetime) -> NextAction:
    if run.cancelled_by and run.open_act is None:
        return Stop(why_stopped(run), Outcome.INCONCLUSIVE)
    if run.phase is Phase.VERIFYING:
        return Judge()
    if run.timer_at is not None and run.timer_at > now:
        return Rest()
    return _work(run, now)


def _work(run: Run, now: datetime) -> NextAction:
    if run.phase not in {Phase.WORKING, Phase.UNDOING}:
        return _prepare_start(run, now)
    if (entry := run.open_act) is not None:
        return _after_unknown(run, entry)
    if run.deadline is not None and now > run.deadline:
        return Stop(message("run.took-too-long"), Outcome.INCONCLUSIVE)
    if isinstance(run.current_act, PlannedAct) and not run.has_consent(now):
        return Stop(message("consent.not-given"), Outcome.NOT_RUN)
    return _forward(run)


def _prepare_start(run: Run, now: datetime) -> NextAction:
    """Who approves is asked first, then the person at the device."""
    if run.phase is Phase.AWAITING_APPROVAL:
        return AwaitApproval()
    if run.phase is Phase.AWAITING_CONSENT:
        return AwaitConsent()
    if not run.may_act:
        return RequestApproval()
    return Admit() if run.has_consent(now) else RequestConsent()


def why_stopped(run: Run) -> Message:
    """Who stopped the run or took it over, and why."""
    if run.is_taken:
        return message("run.taken-by", by=run.cancelled_by, comment=run.comment)
    return message("run.stopped-by", by=run.cancelled_by, comment=run.comment)


def _after_unknown(run: Run, entry: Entry) -> NextAction:
    """An act was begun and its outcome is not known: what may be done depends on its class."""
    act = run.current_act
    if act is None or act.effect == "once":
        answer = entry.message  # none where its worker died over it
        after = answer and message("doubt.may-have-after-answer", answer=answer)
        return Doubt(after or message("doubt.may-have-taken-place"))
    if act.effect == "confirmable" and act.confirm is not None:
        probe = act.confirm
        if run.sends_in_a_row("confirm", probe.id) >= probe.call.attempts:
            return Doubt(message("doubt.not-askable"))
        number = _number(run, "confirm", probe.id)
        return Attempt("confirm", probe.id, probe.call, probe.key, number, probe.expect)
    if run.cancelled_by:  # to send it again would be an act
        return Doubt(message("doubt.stopped", why=why_stopped(run)))
    if (sends := run.sends("act", act.id)) >= act.call.attempts:
        return Doubt(message("doubt.begun-as-often-as-may-be", count=sends))
    return Attempt("act", act.id, act.call, act.key, entry.attempt)


def _forward(run: Run) -> NextAction:
    step = run.steps[run.position]
    if isinstance(step, PlannedWait):
        if run.open_entry is None:
            return Pause(step)
        return Attempt("wait", step.id, step.call, step.key, 1)
    if isinstance(step, PlannedAct):
        if not run.may_act:  # asked again before each act, as guards are
            return Stop(message("approval.not-given"), Outcome.NOT_RUN)
        if run.undoing is None and run.guarded < len(run.plan.guards):
            guard = run.plan.guards[run.guarded]
            return _question(run, "guard", guard)
        return Attempt("act", step.id, step.call, step.key, _number(run, "act", step.id))
    return _question(run, "probe", step)


def _question(run: Run, kind: EntryKind, probe: PlannedProbe) -> NextAction:
    number = _number(run, kind, probe.id)
    attempt = Attempt(kind, probe.id, probe.call, probe.key, number, probe.expect)
    is_spent = run.sends_in_a_row(kind, probe.id) >= probe.call.attempts
    return Lost(attempt) if is_spent else attempt


def steps_of(plan: Plan) -> str:
    """The plan's calls and waits, one after another."""
    return "; ".join(f"{step.id}: {step.call.summary}" for step in plan.steps)


def _number(run: Run, kind: EntryKind, step: str) -> int:
    """An attempt whose worker was lost goes on under its own number."""
    entry = run.open_entry
    if entry is not None and (entry.kind, entry.step) == (kind, step):
        return entry.attempt
    return run.tries(kind, step) + 1
