"""A run of mode approve: people are asked, and their yes is bound to the plan's hash. Pure.

They are asked before target and limits are, so that a run which waits holds nobody up; guards are
asked after the yes, so that it is never acted on what was true an hour ago.
"""

from datetime import datetime

from desk_contracts.errors import Rejected
from desk_contracts.events.automation import Outcome
from desk_contracts.message import Message, Param, message
from desk_kernel import Decision

from desk_automation.runs import events
from desk_automation.runs.decide import steps_of
from desk_automation.runs.lifecycle import FOR_PEOPLE, Decided, escalate, find_next_look
from desk_automation.runs.model import Phase, Run
from desk_automation.runs.plan import Plan
from desk_automation.safety.approval import Approval, Vote, add_vote


def request_approval(run: Run, now: datetime) -> Decided:
    """Ask for people's yes to the plan; until then nothing is done."""
    planned, plan = run.plan.approval, run.plan
    if planned is None:  # planned by a version that did not ask
        return escalate(run, Outcome.NOT_RUN, message("approval.nobody-to-ask"), now)
    until = now + planned.within
    approval = Approval(plan=plan.hash, needed=planned.needed, asked_at=now, until=until)
    changes = {
        "phase": Phase.AWAITING_APPROVAL,
        "approval": approval,
        "timer_at": min(until, now + FOR_PEOPLE.soonest),
        "reason": message("run.waits-for-approval", plan=plan.hash, steps=steps_of(plan)),
    }
    waiting = run.model_copy(update=changes)
    return Decision(waiting, (events.emit_approval_requested(waiting, approval, now),))


def await_approval(run: Run, now: datetime) -> Decided:
    """Silence is no: when the time is over, people get the run with the reason."""
    approval = run.approval
    if approval is None or now >= approval.until:
        given, needed = (approval.given, approval.needed) if approval else (0, 1)
        reason = message("approval.silence", given=given, needed=needed)
        return escalate(run, Outcome.NOT_RUN, reason, now)
    look = find_next_look(approval.asked_at, now, FOR_PEOPLE)
    timer_at = min(approval.until, look)
    return Decision(run.model_copy(update={"timer_at": timer_at}))


def record_vote(run: Run, vote: Vote, plan: str, now: datetime) -> Decided:
    """Somebody's yes or no to `plan`; `Rejected` if that is not what the run would do.

    One no is enough. With the last yes that is needed, the run's turn begins, and so does the time
    that it may wait for it.
    """
    approval = run.approval
    if run.has_ended:
        raise Rejected(message("run.is-over"), code="run-is-over")
    if approval is None or run.phase is not Phase.AWAITING_APPROVAL:
        raise Rejected(message("approval.not-asked"), code="approval-not-asked")
    if plan != approval.plan:
        raise Rejected(message("approval.other-plan", plan=approval.plan), code="other-plan")
    if vote.is_approved and vote.by == run.trigger.requested_by:
        raise Rejected(message("approval.own-request", by=vote.by), code="own-request")
    after = add_vote(approval, vote)
    voted = run.model_copy(update={"approval": after})
    recorded = events.emit_approval_recorded(voted, after, vote)
    if not vote.is_approved:
        reason = message("approval.declined", by=vote.by, comment=vote.comment)
        declined = escalate(voted, Outcome.NOT_RUN, reason, now)
        return Decision(declined.state, (recorded, *declined.events))
    if after.is_granted:
        changes = {
            "phase": Phase.QUEUED,
            "timer_at": now,
            "reason": None,
            "queue_until": run.queue_until + (now - approval.asked_at),
        }
        voted = voted.model_copy(update=changes)
    return Decision(voted, (recorded,))


def compare_plans(ours: Plan, theirs: Plan) -> list[Message]:
    """What differs between the plan of a run and another that somebody has seen."""
    pairs: list[tuple[str, Param, Param]] = [
        ("runbook", theirs.runbook, ours.runbook),
        ("version", theirs.version, ours.version),
        ("mode", theirs.mode, ours.mode),
        ("steps", steps_of(theirs), steps_of(ours)),
        ("guards", _guards_of(theirs), _guards_of(ours)),
        ("team", theirs.team, ours.team),
    ]
    return [
        message("approval.differs", what=what, seen=seen, now=now)
        for what, seen, now in pairs
        if seen != now
    ]


def _guards_of(plan: Plan) -> str:
    return "; ".join(f"{guard.id}: {guard.call.summary}" for guard in plan.guards)
