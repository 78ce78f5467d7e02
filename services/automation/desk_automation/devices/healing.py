"""What devices healed by themselves, as runs: started, then healed or escalated. Pure.

An application is a run of its policy. It was verified by the device itself, by a measurement after
the act; whatever else it came to goes to the team of the policy.
"""

from collections.abc import Iterator
from datetime import datetime

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.envelope import derive
from desk_contracts.events.automation import (
    Evidence,
    Outcome,
    RunEscalated,
    RunHealed,
    RunStarted,
    StepStatus,
)
from desk_contracts.events.devices import DeviceOutcome, PolicyApplied, PolicyOutcome
from desk_contracts.message import message
from desk_contracts.names import AUTOMATION_SOURCE

from desk_automation.actions.redaction import redact_message

_STEP = "apply"
_OUTCOMES = {
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


def emit_application(event: Event[PolicyApplied], now: datetime) -> Iterator[AnyEvent]:
    """Its beginning and its end, both at the moments at which the device had them."""
    data = event.data
    started = RunStarted(
        run=data.application,
        runbook=data.policy,
        version=str(data.version),
        title=data.title,
        service=data.service,
        person=data.person,
    )
    # What a device says of a moment to come is not believed.
    yield _emit(event, started, "started", min(data.started_at, now))
    if data.outcome is PolicyOutcome.HEALED:
        healed = RunHealed(
            run=data.application,
            runbook=data.policy,
            title=data.title,
            service=data.service,
            person=data.person,
            evidence=_evidence(data),
        )
        yield _emit(event, healed, "healed", min(event.time, now))
        return
    escalated = RunEscalated(
        run=data.application,
        runbook=data.policy,
        title=data.title,
        outcome=_OUTCOMES[data.outcome],
        team=data.team,
        service=data.service,
        device=event.subject,
        person=data.person,
        reason=message("run.healed-alone-not", measurement=data.measurement, **_numbers(data)),
        evidence=_evidence(data),
    )
    yield _emit(event, escalated, "escalated", min(event.time, now))


def _emit(event: Event[PolicyApplied], data: Payload, rule: str, at: datetime) -> AnyEvent:
    application = f"{event.data.application}/{rule}"
    return derive(
        event, data, source=AUTOMATION_SOURCE, subject=event.subject, rule=application, at=at
    )


def _evidence(data: PolicyApplied) -> tuple[Evidence, ...]:
    reason = redact_message(data.reason)
    measured = message("run.measured-alone", measurement=data.measurement, **_numbers(data))
    is_healed = data.outcome is PolicyOutcome.HEALED
    # An agent that does not say what its action came to leaves that in doubt, unless it helped.
    unsaid = StepStatus.DONE if is_healed else StepStatus.IN_DOUBT
    status = unsaid if data.action_outcome is None else _STATUS.get(data.action_outcome, unsaid)
    verified = StepStatus.DONE if is_healed else StepStatus.FAILED
    return (
        Evidence(step=_STEP, executor="device", status=status, message=reason),
        Evidence(step="verify", status=verified, message=measured),
    )


def _numbers(data: PolicyApplied) -> dict[str, float | str]:
    return {"before": data.before, "after": "?" if data.after is None else data.after}
