"""What a run will do, frozen when it is planned: every parameter filled in, none looked up later.

A run carries its plan to its end, so a runbook edited meanwhile changes nothing under way.
"""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal

from desk_shared.charter.runbooks import (
    ActStep,
    HttpRequest,
    Overflow,
    Probe,
    ProbeStep,
    Runbook,
    Step,
    Verify,
    WaitStep,
)
from desk_shared.frozen import Frozen
from desk_shared.ids import derived_id
from pydantic import Field, JsonValue

from desk_automation.domain.addresses import fill_address
from desk_automation.domain.templates import Values, fill, fill_header, fill_json

Effect = Literal["pure", "idempotent", "keyed", "confirmable", "once"]
Mode = Literal["observe", "suggest", "approve", "auto"]


class Call(Frozen):
    """One HTTP call as it goes out, and how often it may be tried."""

    method: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: JsonValue = None
    timeout: timedelta
    attempts: int
    base: timedelta
    cap: timedelta


class PlannedProbe(Frozen):
    """Asks and judges the answer; changes nothing."""

    kind: Literal["probe"] = "probe"
    id: str
    call: Call
    expect: str
    key: str


class PlannedAct(Frozen):
    """Changes the target. The key is the same over all attempts and over crashes."""

    kind: Literal["act"] = "act"
    id: str
    call: Call
    effect: Effect
    key: str
    confirm: PlannedProbe | None = None


class PlannedWait(Frozen):
    """Waits, durably."""

    kind: Literal["wait"] = "wait"
    id: str
    pause: timedelta


PlannedStep = Annotated[PlannedAct | PlannedProbe | PlannedWait, Field(discriminator="kind")]


class PlannedVerify(Frozen):
    """What fresh telemetry must show."""

    measurement: str
    condition: str
    samples: int
    within: timedelta
    grace: timedelta = timedelta()


class Bounds(Frozen):
    """How often it may act, and when it must stop for a while."""

    cooldown: timedelta
    per_day: int
    per_hour: int
    overflow: Overflow
    failures: int
    reopen_after: timedelta


class Plan(Frozen):
    """The whole of what one run will do and say."""

    runbook: str
    version: str
    title: str
    mode: Mode
    settle: timedelta
    guards: tuple[PlannedProbe, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    verify: PlannedVerify | None = None
    team: str
    escalation_title: str
    tell_before: str = ""
    tell_after: str = ""
    tell_on_failure: str = ""
    bounds: Bounds

    @property
    def hash(self) -> str:
        """Stands for exactly these steps on exactly this target; an approval is bound to it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def budget(self) -> timedelta:
        """The longest that guards, steps and verification can take, with all their retries."""
        calls = [(guard.call, 1 + len(self.steps)) for guard in self.guards]
        calls += [(step.call, 1) for step in self.steps if not isinstance(step, PlannedWait)]
        total = sum(((_longest(call) * times) for call, times in calls), timedelta())
        total += sum((s.pause for s in self.steps if isinstance(s, PlannedWait)), timedelta())
        return total + (self.verify.within if self.verify else timedelta())


def _longest(call: Call) -> timedelta:
    return call.attempts * (call.timeout + call.cap)


def version_of(runbook: Runbook) -> str:
    """A hash of what a runbook says; it is pinned into every run."""
    text = runbook.model_dump_json(exclude_defaults=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_plan(runbook: Runbook, mode: Mode, run: str, values: Values) -> Plan:
    """The plan with every parameter filled in; `PlanFailed` names one that has no value."""
    tell = runbook.tell
    return Plan(
        runbook=runbook.id,
        version=version_of(runbook),
        title=runbook.title,
        mode=mode,
        settle=runbook.settle,
        guards=tuple(_probe(guard.id, guard, run, values) for guard in runbook.guards),
        steps=tuple(_step(step, run, values) for step in runbook.steps),
        verify=None if runbook.verify is None else _verify(runbook.verify),
        team=runbook.escalate.team or runbook.owner_team,
        escalation_title=fill(runbook.escalate.title, values),
        tell_before=tell.before or "",
        tell_after=tell.after or "",
        tell_on_failure=tell.on_failure or "",
        bounds=bounds_of(runbook),
    )


def bounds_of(runbook: Runbook) -> Bounds:
    """The limits and the breaker of a runbook."""
    limits, breaker = runbook.limits, runbook.breaker
    return Bounds(
        cooldown=limits.per_target.cooldown,
        per_day=limits.per_target.per_day,
        per_hour=limits.per_runbook.per_hour,
        overflow=limits.overflow,
        failures=breaker.consecutive,
        reopen_after=breaker.reopen_after,
    )


def _step(step: Step, run: str, values: Values) -> PlannedStep:
    if isinstance(step, WaitStep):
        return PlannedWait(id=step.id, pause=step.pause)
    if isinstance(step, ProbeStep):
        return _probe(step.id, step, run, values)
    return _act(step, run, values)


def _act(step: ActStep, run: str, values: Values) -> PlannedAct:
    key = derived_id(run, f"step/{step.id}")
    confirm = None
    if step.confirm is not None:
        confirm = _probe(f"{step.id}/confirm", step.confirm, run, values)
    return PlannedAct(
        id=step.id,
        call=_call(step.request, step, step.attempts, {**values, "key": key}),
        effect=step.effect,
        key=key,
        confirm=confirm,
    )


def _probe(id: str, probe: Probe, run: str, values: Values) -> PlannedProbe:
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


def _verify(verify: Verify) -> PlannedVerify:
    condition = verify.condition
    if verify.at_least is not None:
        condition = f"value >= {verify.at_least!r}"
    elif verify.at_most is not None:
        condition = f"value <= {verify.at_most!r}"
    return PlannedVerify(
        measurement=verify.measurement,
        condition=condition or "false",
        samples=verify.samples,
        within=verify.within,
        grace=verify.grace,
    )
