"""Steps of a runbook become planned actions, with every parameter filled in."""

from desk_shared.charter.runbooks import ActStep, HttpRequest, Probe, ProbeStep, Step, WaitStep
from desk_shared.ids import derived_id

from desk_automation.actions.address import fill_address
from desk_automation.actions.model import Call, PlannedAct, PlannedProbe, PlannedStep, PlannedWait
from desk_automation.actions.template import Values, fill_header, fill_json


def plan_step(step: Step, run: str, values: Values) -> PlannedStep:
    """The step with every parameter filled in."""
    if isinstance(step, WaitStep):
        return PlannedWait(id=step.id, pause=step.pause)
    if isinstance(step, ProbeStep):
        return plan_probe(step.id, step, run, values)
    return _act(step, run, values)


def _act(step: ActStep, run: str, values: Values) -> PlannedAct:
    key = derived_id(run, f"step/{step.id}")
    confirm = None
    if step.confirm is not None:
        confirm = plan_probe(f"{step.id}/confirm", step.confirm, run, values)
    return PlannedAct(
        id=step.id,
        call=_call(step.request, step, step.attempts, {**values, "key": key}),
        effect=step.effect,
        key=key,
        confirm=confirm,
    )


def plan_probe(id: str, probe: Probe, run: str, values: Values) -> PlannedProbe:
    """The question with every parameter filled in."""
    key = derived_id(run, f"probe/{id}")
    call = _call(probe.request, probe, probe.retry.attempts, {**values, "key": key})
    return PlannedProbe(id=id, call=call, expect=probe.expect, key=key)


def _call(request: HttpRequest, step: Probe | ActStep, attempts: int, values: Values) -> Call:
    return Call(
        method=request.method,
        url=fill_address(request.url, values),
        headers={name: fill_header(text, values) for name, text in request.headers.items()},
        body=fill_json(request.body, values),
        timeout=step.timeout,
        attempts=attempts,
        base=step.retry.base,
        cap=step.retry.cap,
    )
