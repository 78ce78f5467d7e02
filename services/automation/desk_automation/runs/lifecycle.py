"""A run from its match to its end, apart from the steps themselves. Pure: time comes in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_contracts.errors import Rejected
from desk_contracts.events.automation import Outcome, StepStatus
from desk_contracts.message import Message, message
from desk_kernel import Decision

from desk_automation.recurrence.model import Relapse
from desk_automation.runs import events, undo
from desk_automation.runs.decide import Stop, why_stopped
from desk_automation.runs.model import Entry, Phase, Run
from desk_automation.safety.global_stop import GlobalStop
from desk_automation.safety.model import Refusal

Decided = Decision[Run]


class Looks(NamedTuple):
    """How often a run that waits looks by itself: first so soon, later so seldom at most."""

    soonest: timedelta
    seldom: timedelta


# Whoever waits is called; this is for the case that the caller died.
IN_LINE = Looks(timedelta(seconds=15), timedelta(minutes=5))
# Whether its trouble has gone by itself; after a yes that is asked once more.
FOR_PEOPLE = Looks(timedelta(seconds=30), timedelta(minutes=15))
# Nobody tells a run that its inhibitor is over.
BEHIND_SIGNAL = Looks(timedelta(seconds=15), timedelta(minutes=1))
ASK_AGAIN = IN_LINE.soonest
# Over the sum of all steps' own times, for slow workers and crashes.
GRACE = timedelta(minutes=5)
# An event has room for so many of them; the journal has all.
_MOST_DOUBTS = 5


def find_next_look(since: datetime, now: datetime, looks: Looks = IN_LINE) -> datetime:
    """When a run that has waited since then looks again by itself: after a quarter of its wait, so
    that it costs the less the longer it waits, however many do."""
    return now + min(max(looks.soonest, (now - since) / 4), looks.seldom)


def queue(run: Run, refused: Refusal, now: datetime) -> Decided:
    """The run waits for its turn, or people get it, as the runbook says; never just dropped."""
    if refused.kind in {"breaker", "demoted", "people"}:
        return _refuse(run, refused, now)
    if refused.kind in {"ring", "stopped", "fleet"}:
        return _wait_for_runbook(run, refused, now)
    if refused.kind == "busy":
        is_same = refused.holder_runbook == run.plan.runbook
        if run.plan.bounds.overflow == "coalesce" and is_same:
            return skip(run, message("run.same-already", run=refused.holder), now)
        return _wait(run, refused, now)
    if run.plan.bounds.overflow == "escalate":
        return escalate(run, Outcome.NOT_RUN, message("run.limit-reached", why=refused.reason), now)
    return _wait(run, refused, now)


def _refuse(run: Run, refused: Refusal, now: datetime) -> Decided:
    """People get it; not once more what the open breaker withholds and they have already."""
    since, why = refused.since, refused.reason
    if since is None or refused.holder == run.id:
        return escalate(run, Outcome.NOT_RUN, message("run.may-not-act", why=why), now)
    reason = message("run.breaker-open", since=since, run=refused.holder, why=why)
    held = run.model_copy(update={"breaker_since": since})
    return skip(held, reason, now)


def _wait(run: Run, refused: Refusal, now: datetime) -> Decided:
    """Once it stands in line it asks once more: what became free before that called nobody."""
    look = min(find_next_look(run.created_at, now), max(run.queue_until, now + ASK_AGAIN))
    place = refused.place if refused.queue_number else ""
    is_new = place not in {"", run.line}
    until = now if is_new else refused.until or look
    if until > run.queue_until:
        reason = message("run.would-wait-too-long", why=refused.reason)
        return escalate(run, Outcome.NOT_RUN, reason, now)
    changes = {"phase": Phase.QUEUED, "timer_at": until, "reason": refused.reason}
    changes |= {"waits_at": place, "queue_number": refused.queue_number}
    return Decision(run.model_copy(update=changes))


def _wait_for_runbook(run: Run, refused: Refusal, now: datetime) -> Decided:
    """The run waits for its ring, or until the runbook goes on. One of the fleet brings the
    evidence to people; the others are the same cause and open nothing more."""
    until = refused.until or now + ASK_AGAIN
    rollout = run.plan.rollout
    limit = run.queue_until if rollout is None else run.created_at + rollout.wait
    is_evidence = refused.kind == "fleet" and refused.holder == run.id
    if is_evidence:
        return escalate(run, Outcome.NOT_RUN, message("run.may-not-act", why=refused.reason), now)
    if until <= max(limit, run.queue_until):
        changes = {"phase": Phase.QUEUED, "timer_at": until, "reason": refused.reason}
        changes |= {"waits_at": "", "queue_number": 0}
        return Decision(run.model_copy(update=changes))
    if refused.kind == "fleet":
        same = message("run.one-cause", run=refused.holder, why=refused.reason)
        return skip(run, same, now)
    reason = message("run.would-wait-too-long", why=refused.reason)
    return escalate(run, Outcome.NOT_RUN, reason, now)


def admit(run: Run, now: datetime) -> Decided:
    """Target and runbook let the run in: its own clock starts."""
    return Decision(
        run.model_copy(
            update={
                "phase": Phase.WORKING,
                "timer_at": now,
                "reason": None,
                "deadline": now + run.plan.budget + GRACE,
            }
        )
    )


def skip(run: Run, reason: Message, now: datetime) -> Decided:
    """The run ends and nothing was ever sent; else people hear what was."""
    if run.has_sent:
        outcome = Outcome.INCONCLUSIVE if run.has_acted else Outcome.NOT_RUN
        act = [entry for entry in run.journal if entry.kind == "act" and entry.is_sent][-1]
        sent = message("run.sent-before", reason=reason, step=act.step, at=act.at)
        return escalate(run, outcome, sent, now)
    ended = _end(run, Phase.SKIPPED, None, reason, now)
    return Decision(ended, (events.emit_skipped(ended, now),))


def escalate(run: Run, outcome: Outcome, reason: Message, now: datetime) -> Decided:
    """People get it, with the evidence, once what can be taken back is; while an act is in doubt,
    nothing else is known."""
    if undo.may_begin(run, outcome):
        return Decision(undo.begin(run, outcome, reason, now, now + GRACE))
    run, outcome, reason = undo.settle(run, outcome, reason)
    if run.doubts and outcome is not Outcome.IN_DOUBT:
        tries = [
            message("run.try", step=entry.step, at=entry.at, answer=entry.message or "")
            for entry in run.doubts[-_MOST_DOUBTS:]
        ]
        in_doubt = message("run.in-doubt", reason=reason, tries=tries)
        outcome, reason = Outcome.IN_DOUBT, in_doubt
    ended = _end(run, Phase.ESCALATED, outcome, reason, now)
    return Decision(ended, (events.emit_escalated(ended, now),))


def stop(run: Run, stop: Stop, now: datetime) -> Decided:
    """The run ends before its next step; who stopped it goes on by hand, so no ticket opens unless
    something was begun already, or somebody takes it over who has none.
    """
    needs_ticket = run.is_taken and not run.ticket
    if run.cancelled_by and not run.is_started and not needs_ticket:
        ended = _end(run, Phase.CANCELLED, None, stop.why, now)
        return Decision(ended, (events.emit_skipped(ended, now),))
    # Whether it helped is no question where nothing was sent.
    outcome = stop.outcome if run.has_sent else Outcome.NOT_RUN
    return escalate(run, outcome, stop.why, now)


def end_cleared(run: Run, now: datetime) -> Decided:
    """The signal cleared before the next step: nothing more is done; what was done is verified."""
    if run.has_acted and run.plan.verify is not None:
        return Decision(begin_verification(run, now))
    if run.has_sent:
        return skip(run, message("run.signal-cleared-after"), now)
    return skip(run, message("run.signal-cleared-before"), now)


def mark_in_doubt(run: Run, why: Message, now: datetime) -> Decided:
    """The open act stays in doubt for ever; only a person can tell what it did."""
    entry = run.open_act
    journal = run.journal
    doubtful_entries: tuple[Entry, ...] = ()
    if entry is not None:
        doubtful = entry.model_copy(
            update={"status": StepStatus.IN_DOUBT, "ended_at": now, "message": why}
        )
        journal = tuple(doubtful if item is entry else item for item in journal)
        doubtful_entries = (doubtful,)
    run = run.model_copy(update={"journal": journal})
    reason = message("run.a-step-in-doubt", why=why)
    if entry is not None:
        reason = message("run.step-in-doubt", step=entry.step, why=why)
    ended = escalate(run, Outcome.IN_DOUBT, reason, now)
    emitted = tuple(events.emit_step(run, item, now) for item in doubtful_entries)
    return Decision(ended.state, (*emitted, *ended.events))


@dataclass(frozen=True, slots=True)
class Brake:
    """A person who stops a run, or takes it over, with the ticket that they work on instead."""

    by: str
    comment: str = ""
    is_taken: bool = False
    ticket: str = ""


def brake(run: Run, brake: Brake, now: datetime) -> Decided:
    """End the run: at once, or right after the call that is under way; nothing is sent after it.

    Who came first is kept, but a person who takes it over counts more than one who stopped it.
    """
    if run.has_ended:
        raise Rejected(message("run.is-over"), code="run-is-over")
    if run.cancelled_by and (run.is_taken or not brake.is_taken):
        return Decision(run)
    changes = {
        "cancelled_by": brake.by,
        "comment": brake.comment,
        "is_taken": brake.is_taken,
        "ticket": brake.ticket,
    }
    marked = run.model_copy(update=changes)
    if run.has_live_lease(now):
        return Decision(marked)
    if run.open_act is not None:
        return Decision(marked.model_copy(update={"timer_at": now}))
    return stop(marked, Stop(why_stopped(marked), Outcome.INCONCLUSIVE), now)


def hold(run: Run, held: GlobalStop, now: datetime) -> Decided:
    """All acting is stopped: the run waits, but not beyond its time; then people get it."""
    until = run.queue_until if run.deadline is None else run.deadline
    if now < until:
        changes = {"timer_at": min(until, now + ASK_AGAIN), "reason": held.description}
        return Decision(run.model_copy(update=changes))
    if run.open_act is not None:
        return mark_in_doubt(run, message("doubt.stopped", why=held.description), now)
    reason = message("run.stopped-too-long", why=held.description)
    outcome = Outcome.INCONCLUSIVE if run.has_sent else Outcome.NOT_RUN
    return escalate(run, outcome, reason, now)


def begin_verification(run: Run, now: datetime) -> Run:
    """All that was to be done is done; now telemetry decides."""
    within = run.plan.verify.within if run.plan.verify else timedelta()
    until = now + within
    return run.model_copy(
        update={"phase": Phase.VERIFYING, "verify_until": until, "timer_at": until, "lease": None}
    )


def reschedule(run: Run | None, now: datetime) -> Decided | None:
    """Something the run waits for has come: its target is free, or a measurement is there."""
    if run is None or not (run.phase in {Phase.QUEUED, Phase.VERIFYING} or run.may_be_corrected):
        return None
    if run.timer_at is not None and run.timer_at <= now:
        return None
    return Decision(run.model_copy(update={"timer_at": now}))


def take_back(run: Run, relapse: Relapse, now: datetime) -> Decided | None:
    """The cure did not last: said once, by the first trouble that showed it."""
    if run.phase is not Phase.HEALED or run.relapse is not None:
        return None
    relapsed = run.model_copy(update={"relapse": relapse})
    return Decision(relapsed, (events.emit_relapsed(relapsed, relapse, now),))


def close(run: Run, now: datetime) -> Decided:
    """Target, watch and counters are settled; what came meanwhile is looked at once more."""
    timer_at = now if run.may_be_corrected else None
    return Decision(run.model_copy(update={"is_closed": True, "timer_at": timer_at}))


def _end(run: Run, phase: Phase, outcome: Outcome | None, reason: Message, now: datetime) -> Run:
    return run.model_copy(
        update={
            "phase": phase,
            "outcome": outcome,
            "reason": reason,
            "lease": None,
            "ended_at": now,
            "timer_at": now,
        }
    )
