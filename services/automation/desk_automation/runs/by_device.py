"""What a device healed by itself, as a run that is over when the desk hears of it. Pure.

It was verified by the device, with a measurement after the act; whatever else it came to goes to
the team of the policy.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desk_contracts import Event
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.automation import Outcome, StepStatus
from desk_contracts.events.devices import DeviceOutcome, PolicyApplied, PolicyOutcome
from desk_contracts.message import Message, Param, message
from desk_kernel import Decision

from desk_automation.actions.model import EntryKind
from desk_automation.actions.redaction import redact_message
from desk_automation.runs.events import emit_escalated, emit_healed, emit_started
from desk_automation.runs.model import Entry, Phase, Run, Trigger
from desk_automation.runs.plan import Plan
from desk_automation.safety.model import Bounds

_EXECUTOR = "device"
_OUTCOMES = {
    PolicyOutcome.HEALED: Outcome.HEALED,
    PolicyOutcome.NOT_HEALED: Outcome.NOT_HEALED,
    PolicyOutcome.INCONCLUSIVE: Outcome.INCONCLUSIVE,
    PolicyOutcome.IN_DOUBT: Outcome.IN_DOUBT,
}
_STATUS = {
    DeviceOutcome.DONE: StepStatus.DONE,
    DeviceOutcome.FAILED: StepStatus.FAILED,
    DeviceOutcome.NOT_TAKEN: StepStatus.FAILED,
    DeviceOutcome.REFUSED: StepStatus.FAILED,
}


def record_application(
    event: Event[PolicyApplied], policies: Iterable[DevicePolicy], now: datetime
) -> Decision[Run]:
    """The run and its events, at the moments at which the device had them.

    `policies` are those of the charter in force for the device.
    """
    data = event.data
    # What a device says of a moment to come is not believed, nor that it ended before it began.
    ended = min(event.time, now)
    started = min(data.started_at, ended)
    is_healed, numbers = data.outcome is PolicyOutcome.HEALED, _numbers(data)
    helped = message("run.healed-alone", **numbers)
    run = Run(
        id=data.application,
        target=event.subject,
        trigger=_trigger(event, started),
        plan=_plan(data),
        phase=Phase.HEALED if is_healed else Phase.ESCALATED,
        created_at=started,
        queue_until=started,
        is_started=True,
        is_by_device=True,
        journal=_journal(data, policies, started, ended),
        acted_at=started,
        outcome=_OUTCOMES[data.outcome],
        reason=helped if is_healed else message("run.healed-alone-not", **numbers),
        ended_at=ended,
        is_closed=True,
    )
    end = emit_healed(run, ended) if is_healed else emit_escalated(run, ended)
    return Decision(run, (emit_started(run, started), end))


def _trigger(event: Event[PolicyApplied], started: datetime) -> Trigger:
    data = event.data
    return Trigger(
        event=event.id,
        correlation=event.correlation_id,
        traceparent=event.traceparent,
        at=started,
        subject=event.subject,
        subject_kind="device",
        episode="",
        title=data.title,
        service=data.service,
        person=data.person,
        measurement=data.measurement,
        value=data.before,
    )


def _plan(data: PolicyApplied) -> Plan:
    """The device kept to the policy's own limits; the desk had none to keep."""
    return Plan(
        runbook=data.policy,
        version=str(data.version),
        title=data.title,
        mode="auto",
        team=data.team,
        escalation_title=data.title,
        bounds=Bounds(
            cooldown=timedelta(),
            per_day=0,
            per_hour=0,
            overflow="queue",
            failures=0,
            reopen_after=timedelta(),
        ),
    )


def _journal(
    data: PolicyApplied, policies: Iterable[DevicePolicy], started: datetime, ended: datetime
) -> tuple[Entry, ...]:
    is_healed = data.outcome is PolicyOutcome.HEALED
    # An agent that does not say what its action came to leaves that in doubt, unless it helped.
    unsaid = StepStatus.DONE if is_healed else StepStatus.IN_DOUBT
    status = unsaid if data.action_outcome is None else _STATUS.get(data.action_outcome, unsaid)
    verified = StepStatus.DONE if is_healed else StepStatus.FAILED
    measured = message("run.measured-alone", **_numbers(data))

    def line(position: int, step: str, kind: EntryKind, status: StepStatus, text: Message) -> Entry:
        return Entry(
            position=position,
            step=step,
            kind=kind,
            executor=_EXECUTOR,
            attempt=1,
            status=status,
            token=0,
            at=started,
            ended_at=ended,
            message=text,
        )

    return (
        line(0, "policy", "guard", StepStatus.DONE, describe_policy(data, policies)),
        line(1, "apply", "act", status, redact_message(data.reason)),
        line(2, "verify", "probe", verified, measured),
    )


def describe_policy(data: PolicyApplied, policies: Iterable[DevicePolicy]) -> Message:
    """Which version the device obeyed, and whether the charter still says so."""
    obeyed: dict[str, Param] = {"policy": data.policy, "version": data.version}
    current = {policy.id: policy.version for policy in policies}.get(data.policy)
    if current is None:
        return message("run.policy-withdrawn", **obeyed)
    if current != data.version:
        return message("run.policy-other", current=current, **obeyed)
    return message("run.policy-in-force", **obeyed)


def _numbers(data: PolicyApplied) -> dict[str, float | str]:
    after = "?" if data.after is None else data.after
    return {"measurement": data.measurement, "before": data.before, "after": after}
