"""The events of a run. Their ids come from the run and the transition, so a replay gives the same.

Every text in them is redacted and cut; the plan's calls and their headers never appear.
"""

from collections.abc import Sequence
from datetime import datetime

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.automation import (
    Evidence,
    Outcome,
    RunApprovalRecorded,
    RunApprovalRequested,
    RunConsentRecorded,
    RunConsentRequested,
    RunEscalated,
    RunHealed,
    RunRelapsed,
    RunRequested,
    RunSkipped,
    RunStarted,
    RunStepRecorded,
    RunWithheld,
    StepStatus,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, Param, message
from desk_contracts.names import AUTOMATION_SOURCE

from desk_automation.actions.redaction import cut, redact_message
from desk_automation.recurrence.model import Relapse
from desk_automation.runs.model import Entry, Run
from desk_automation.safety.approval import Approval, Vote
from desk_automation.safety.consent import Consent, PersonReply
from desk_automation.verification.sample import fresh

MAX_LINES = 30
# Half of what an event may have; the other half is for reason, names and words to people.
MAX_EVIDENCE_BYTES = 32 * 1024
MAX_TITLE = 300


def emit_requested(run: Run, at: datetime) -> AnyEvent:
    """A person asked for it; the run's other events name this one as their cause."""
    plan, trigger = run.plan, run.trigger
    data = RunRequested(
        run=run.id,
        runbook=plan.runbook,
        title=plan.title,
        by=trigger.requested_by,
        reason=trigger.reason,
        needs_approval=not run.may_act,
    )
    return Event(
        id=trigger.event,
        source=AUTOMATION_SOURCE,
        subject=run.target,
        time=at,
        data=data,
        correlation_id=trigger.correlation or trigger.event,
        traceparent=trigger.traceparent,
    )


def emit_started(run: Run, at: datetime) -> AnyEvent:
    """The guards passed and the first step begins."""
    plan, trigger = run.plan, run.trigger
    data = RunStarted(
        run=run.id,
        runbook=plan.runbook,
        version=plan.version,
        title=plan.title,
        episode=trigger.episode,
        service=trigger.service,
        person=trigger.person,
        tell=plan.tell_before,
        request=trigger.request,
    )
    return _make_event(run, data, "started", at)


def emit_approval_requested(run: Run, approval: Approval, at: datetime) -> AnyEvent:
    """People are asked for their yes to exactly this plan."""
    plan, trigger, planned = run.plan, run.trigger, run.plan.approval
    data = RunApprovalRequested(
        run=run.id,
        runbook=plan.runbook,
        version=plan.version,
        title=plan.title,
        plan=approval.plan,
        explanation=(_redact_reason(run),),
        team=planned.team if planned else plan.team,
        role=planned.role if planned else "",
        needed=approval.needed,
        until=approval.until,
        episode=trigger.episode,
        service=trigger.service,
        person=trigger.person,
    )
    return _make_event(run, data, "approval-requested", at)


def emit_approval_recorded(run: Run, approval: Approval, vote: Vote) -> AnyEvent:
    """One person's yes or no."""
    data = RunApprovalRecorded(
        run=run.id,
        runbook=run.plan.runbook,
        version=run.plan.version,
        plan=approval.plan,
        by=vote.by,
        is_approved=vote.is_approved,
        comment=vote.comment,
        given=approval.given,
        needed=approval.needed,
    )
    return _make_event(run, data, f"approval/{vote.by}", vote.at)


def emit_consent_requested(run: Run, consent: Consent, at: datetime) -> AnyEvent:
    """The person at the device is asked for their yes to exactly this plan."""
    data = RunConsentRequested(
        run=run.id,
        runbook=run.plan.runbook,
        title=run.plan.title,
        plan=consent.plan,
        person=consent.person,
        until=consent.until,
        latest=consent.latest,
        request=run.trigger.request,
    )
    return _make_event(run, data, "consent-requested", at)


def emit_consent_recorded(run: Run, consent: Consent, reply: PersonReply, number: int) -> AnyEvent:
    """The person's answer; the `number` counts their answers."""
    data = RunConsentRecorded(
        run=run.id,
        runbook=run.plan.runbook,
        plan=consent.plan,
        by=reply.by,
        answer=reply.answer,
        at=reply.at,
        reason=reply.reason,
        request=run.trigger.request,
    )
    return _make_event(run, data, f"consent/{number}", reply.given_at)


def emit_step(run: Run, entry: Entry, at: datetime) -> AnyEvent:
    """One line of the journal."""
    data = RunStepRecorded(
        run=run.id,
        runbook=run.plan.runbook,
        step=entry.step,
        executor=entry.executor,
        status=entry.status,
        attempt=entry.attempt,
        message=redact_message(entry.message) if entry.message else None,
        request=run.trigger.request,
    )
    place = f"{entry.position}/{entry.kind}/{entry.step}/{entry.attempt}/{entry.resumed}"
    return _make_event(run, data, f"step/{place}/{entry.status}", at)


def emit_late_step(run: Run, entry: Entry, at: datetime) -> AnyEvent:
    """An act answered when its run was over."""
    step = emit_step(run, entry, at)
    return _make_event(run, step.data, f"late/{entry.step}/{entry.attempt}/{entry.token}", at)


def emit_healed(run: Run, at: datetime) -> AnyEvent:
    """Fresh telemetry shows that the trouble is gone."""
    plan, trigger = run.plan, run.trigger
    data = RunHealed(
        run=run.id,
        runbook=plan.runbook,
        version=plan.version,
        title=plan.title,
        episode=trigger.episode,
        service=trigger.service,
        person=trigger.person,
        evidence=collect_evidence(run),
        tell=plan.tell_after,
        corrects=run.corrects,
        request=trigger.request,
    )
    return _make_event(run, data, "healed", at)


def emit_relapsed(run: Run, relapse: Relapse, at: datetime) -> AnyEvent:
    """The same trouble is back: the cure is taken back."""
    trigger = run.trigger
    data = RunRelapsed(
        run=run.id,
        runbook=run.plan.runbook,
        version=run.plan.version,
        title=run.plan.title,
        episode=trigger.episode,
        again=relapse.episode,
        healed_at=run.ended_at or at,
        relapsed_at=relapse.at,
        service=trigger.service,
        person=trigger.person,
        team=run.plan.team,
    )
    return _make_event(run, data, "relapsed", at)


def emit_escalated(run: Run, at: datetime) -> AnyEvent:
    """People have to go on, with all that is known."""
    plan, trigger = run.plan, run.trigger
    data = RunEscalated(
        run=run.id,
        runbook=plan.runbook,
        version=plan.version,
        title=cut(plan.escalation_title, MAX_TITLE) or plan.title,
        outcome=run.outcome or Outcome.INCONCLUSIVE,
        team=plan.team,
        episode=trigger.episode,
        service=trigger.service,
        device=trigger.subject if trigger.subject_kind == "device" else "",
        person=trigger.person,
        site=trigger.site,
        reason=_redact_reason(run),
        evidence=collect_evidence(run),
        tell=plan.tell_on_failure,
        ticket=run.ticket,
        request=trigger.request,
        undo=run.undo,
    )
    return _make_event(run, data, "escalated", at)


def emit_skipped(run: Run, at: datetime) -> AnyEvent:
    """Nothing is done, and why."""
    data = RunSkipped(
        run=run.id,
        runbook=run.plan.runbook,
        version=run.plan.version,
        episode=run.trigger.episode,
        explanation=(_redact_reason(run),),
        request=run.trigger.request,
    )
    return _make_event(run, data, "skipped", at)


def emit_withheld(run: Run, until: datetime | None, at: datetime) -> AnyEvent:
    """It waits for a window or an open signal, and why."""
    data = RunWithheld(
        run=run.id,
        runbook=run.plan.runbook,
        title=run.plan.title,
        episode=run.trigger.episode,
        service=run.trigger.service,
        reason=_redact_reason(run),
        until=until,
        request=run.trigger.request,
    )
    return _make_event(run, data, f"withheld/{at.isoformat()}", at)


def collect_evidence(run: Run) -> tuple[Evidence, ...]:
    """What was done and seen: the journal, then the measurements; the newest that fit."""
    lines = [
        Evidence(
            step=entry.step,
            executor=entry.executor,
            status=entry.status,
            attempt=entry.attempt,
            message=redact_message(entry.message) if entry.message else None,
        )
        for entry in run.journal
    ]
    if run.plan.verify is not None:
        status = StepStatus.DONE if run.outcome is Outcome.HEALED else StepStatus.FAILED
        lines.append(Evidence(step="verify", status=status, message=describe_measurements(run)))
    return _keep_newest(lines)


def _keep_newest(lines: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The newest of the lines, and how many there were before them.

    Their size is that on the wire: quotation marks of an answer take twice as much there.
    """
    kept: list[Evidence] = []
    room = MAX_EVIDENCE_BYTES
    for line in reversed(lines[-MAX_LINES:]):
        room -= len(line.model_dump_json().encode())
        if room < 0:
            break
        kept.insert(0, line)
    left_out = len(lines) - len(kept)
    if not (left_out and kept):
        return tuple(kept)
    return (kept[0].model_copy(update={"left_out": left_out}), *kept[1:])


def describe_measurements(run: Run) -> Message:
    """What was measured before and since."""
    verify, trigger = run.plan.verify, run.trigger
    if verify is None:
        return message("measured.nothing-by-runbook")
    name = verify.measurement
    facts: dict[str, Param] = {"condition": verify.condition, "before": ""}
    if trigger.measurement == name:
        facts["before"] = message("measured.before", measurement=name, value=trigger.value)
    if run.acted_at is None:
        return message("measured.unchanged", **facts)
    since = fresh(run.samples, run.acted_at)
    if not since:
        return message("measured.nothing-since", **facts)
    values = [message("measured.value", value=item.value, at=item.at) for item in since[-10:]]
    return message("measured.since", values=values, **facts)


def _redact_reason(run: Run) -> Message:
    if run.reason is None:
        raise ValueError(f"run {run.id} ended without a reason")
    return redact_message(run.reason)


def _make_event(run: Run, data: Payload, rule: str, at: datetime) -> AnyEvent:
    trigger = run.trigger
    return Event(
        id=derive_id(run.id, rule),
        source=AUTOMATION_SOURCE,
        subject=run.target,
        time=at,
        data=data,
        correlation_id=trigger.correlation or trigger.event,
        causation_id=trigger.event,
        traceparent=trigger.traceparent,
    )
