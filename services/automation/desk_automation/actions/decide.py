"""Steps of a runbook become planned calls, with every parameter filled in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from desk_charter.runbooks import ActStep, Probe, ProbeStep, Retry, Step, UndoAct, WaitStep
from desk_contracts.ids import derive_id
from desk_contracts.message import message, verbatim

from desk_automation.actions.executor import ExecutorKind
from desk_automation.actions.model import Call, PlannedAct, PlannedProbe, PlannedStep, PlannedWait
from desk_automation.actions.redaction import redact
from desk_automation.actions.template import PlanFailed, Values
from desk_automation.conditions.expression import Inputs, Undecided, condition

Kinds = Mapping[str, ExecutorKind[Any, Any]]


def applies(step: Step, values: Values) -> bool:
    """Whether the step is for this event; `PlanFailed` where its condition says neither."""
    if step.condition is None:
        return True
    seen = {"event": values["event"], "data": values["data"]}
    verdict = condition(step.condition).verdict(Inputs(seen))
    if isinstance(verdict, Undecided):
        why = verbatim(verdict.reason)
        raise PlanFailed(message("plan.undecided-step", step=step.id, why=why))
    return verdict


def plan_step(step: Step, run: str, values: Values, kinds: Kinds) -> PlannedStep:
    """The step with every parameter filled in."""
    key = derive_id(run, f"step/{step.id}")
    values = {**values, "key": key}
    if isinstance(step, WaitStep):
        call = _plan_call(step, timedelta(), Retry(attempts=1), values, kinds)
        return PlannedWait(id=step.id, call=call, key=key, pause=step.pause)
    if isinstance(step, ProbeStep):
        return plan_probe(step.id, step, run, values, kinds)
    planned = _plan_act(step.id, step, run, values, kinds)
    if step.undo is None:
        return planned
    undo = _plan_act(f"{step.id}/undo", step.undo, run, values, kinds)
    return planned.model_copy(update={"undo": undo})


def _plan_act(
    id: str, act: ActStep | UndoAct, run: str, values: Values, kinds: Kinds
) -> PlannedAct:
    key = derive_id(run, f"step/{id}")
    values = {**values, "key": key}
    confirm = None
    if act.confirm is not None:
        with_act = {**values, "act": key}
        confirm = plan_probe(f"{id}/confirm", act.confirm, run, with_act, kinds)
    retry = act.retry.model_copy(update={"attempts": act.attempts})
    call = _plan_call(act, act.timeout, retry, values, kinds)
    return PlannedAct(id=id, call=call, effect=act.effect, key=key, confirm=confirm)


def plan_probe(id: str, probe: Probe, run: str, values: Values, kinds: Kinds) -> PlannedProbe:
    """The question with every parameter filled in."""
    key = derive_id(run, f"probe/{id}")
    call = _plan_call(probe, probe.timeout, probe.retry, {**values, "key": key}, kinds)
    return PlannedProbe(id=id, call=call, expect=probe.expect, key=key)


def _plan_call(
    step: ActStep | UndoAct | Probe | WaitStep,
    timeout: timedelta,
    retry: Retry,
    values: Values,
    kinds: Kinds,
) -> Call:
    kind = kinds.get(step.executor)
    if kind is None:
        raise PlanFailed(message("plan.no-executor", executor=step.executor))
    action = kind.plan(step.request, values)
    return Call(
        executor=step.executor,
        action=action.model_dump(mode="json"),
        summary=redact(action.summarize()),
        timeout=timeout,
        attempts=retry.attempts,
        base=retry.base,
        cap=retry.cap,
    )
