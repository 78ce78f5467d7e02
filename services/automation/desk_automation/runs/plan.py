"""What a run will do, frozen when it is planned: every parameter filled in, none looked up later.

A run carries its plan to its end, so a runbook edited meanwhile changes nothing under way.
"""

import hashlib
from datetime import timedelta
from functools import cached_property

from desk_charter.runbook_brakes import Mode, Repeats
from desk_charter.runbooks import InWindow, Runbook, Verify
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_contracts.value_types import Priority
from desk_kernel import OncePerThing

from desk_automation.actions.decide import Kinds, applies, plan_probe, plan_step
from desk_automation.actions.model import PlannedAct, PlannedProbe, PlannedStep, PlannedWait
from desk_automation.actions.template import PlanFailed, Values, fill
from desk_automation.recurrence.model import DebtBound, PlannedDebt
from desk_automation.rollouts.model import PlannedRollout
from desk_automation.safety.approval import PlannedApproval
from desk_automation.safety.consent import PlannedConsent
from desk_automation.safety.model import Bounds
from desk_automation.scopes.model import PlannedScope
from desk_automation.verification.model import PlannedVerify


class Plan(Frozen):
    """The whole of what one run will do and say."""

    runbook: str
    version: str
    title: str
    mode: Mode
    guards: tuple[PlannedProbe, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    verify: PlannedVerify | None = None
    team: str
    escalation_title: str
    tell_before: str = ""
    tell_after: str = ""
    tell_on_failure: str = ""
    bounds: Bounds
    approval: PlannedApproval | None = None
    consent: PlannedConsent | None = None
    debt: PlannedDebt | None = None
    rollout: PlannedRollout | None = None
    scopes: tuple[PlannedScope, ...] = ()
    is_fleet_guarded: bool = False
    priority: Priority = Priority.P3
    in_window: InWindow = "skip"
    inhibited_by: tuple[str, ...] = ()
    # It acts unasked by a promotion, which may be taken back before it does.
    is_promoted: bool = False

    @property
    def waits_for_runbook(self) -> bool:
        """Whether its runbook may hold it back as one of many: by rings, or as one cause."""
        return self.rollout is not None or self.is_fleet_guarded

    @property
    def hash(self) -> str:
        """Stands for exactly these steps on exactly this target; an approval is bound to it.

        What says nothing is left out, so that a later version of the desk gives the same hash.
        """
        return _hash(self)

    @cached_property
    def budget(self) -> timedelta:
        """The longest that guards, steps, verification and undo can take, with all retries."""
        calls = [(guard.call, 1 + len(self.steps)) for guard in self.guards]
        calls += [(step.call, 1) for step in self.steps if not isinstance(step, PlannedWait)]
        total = sum(
            (times * call.attempts * (call.timeout + call.cap) for call, times in calls),
            timedelta(),
        )
        undo = [step.undo.call for step in self.steps if isinstance(step, PlannedAct) and step.undo]
        total += sum((call.attempts * (call.timeout + call.cap) for call in undo), timedelta())
        total += sum((s.pause for s in self.steps if isinstance(s, PlannedWait)), timedelta())
        return total + (self.verify.within if self.verify else timedelta())


def version_of(runbook: Runbook) -> str:
    """A hash of what a runbook says; it is pinned into every run."""
    return _versions(runbook)


def _hash(content: Plan | Runbook) -> str:
    text = content.model_dump_json(exclude_defaults=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# Each run asks for that of its runbook, and charters have fewer.
_versions: OncePerThing[Runbook, str] = OncePerThing(_hash, newest=1_000)


def make_plan(runbook: Runbook, mode: Mode, run: str, values: Values, kinds: Kinds) -> Plan:
    """The plan with every parameter filled in; `PlanFailed` names one that has no value."""
    tell = runbook.tell
    steps = [step for step in runbook.steps if applies(step, values)]
    if not steps:
        raise PlanFailed(message("plan.no-step"))
    return Plan(
        runbook=runbook.id,
        version=version_of(runbook),
        title=runbook.title,
        mode=mode,
        guards=tuple(
            plan_probe(guard.id, guard, run, values, kinds)
            for guard in runbook.guards
            if applies(guard, values)
        ),
        steps=tuple(plan_step(step, run, values, kinds) for step in steps),
        verify=None if runbook.verify is None else _verify(runbook.verify),
        team=runbook.escalate.team or runbook.owner_team,
        escalation_title=fill(runbook.escalate.title, values),
        tell_before=tell.before or "",
        tell_after=tell.after or "",
        tell_on_failure=tell.on_failure or "",
        bounds=bounds_of(runbook),
        approval=_approval(runbook) if mode == "approve" else None,
        consent=_consent(runbook),
        debt=_debt(runbook),
        rollout=_rollout(runbook),
        scopes=_scopes(runbook),
        is_fleet_guarded=runbook.fleet_guard is not None,
        priority=runbook.priority,
        in_window=runbook.in_window,
        inhibited_by=runbook.inhibited_by,
        is_promoted=mode == "auto" and runbook.mode != "auto",
    )


def _consent(runbook: Runbook) -> PlannedConsent | None:
    consent = runbook.consent
    if consent is None:
        return None
    return PlannedConsent(
        within=consent.within,
        defer=consent.defer,
        again_after=consent.again_after,
        otherwise=consent.otherwise,
    )


def _debt(runbook: Runbook) -> PlannedDebt | None:
    debt = runbook.debt
    if debt is None:
        return None

    def bound(repeats: Repeats | None) -> DebtBound | None:
        if repeats is None:
            return None
        return DebtBound(times=repeats.times, days=repeats.within.days)

    return PlannedDebt(
        team=runbook.owner_team,
        why=runbook.why,
        per_target=bound(debt.per_target),
        per_cause=bound(debt.per_cause),
    )


def _rollout(runbook: Runbook) -> PlannedRollout | None:
    rollout = runbook.rollout
    if rollout is None:
        return None
    return PlannedRollout(
        first=rollout.first,
        most=rollout.most,
        healed_percent=rollout.healed_percent,
        hold=rollout.hold,
        wait=rollout.wait,
        restart_after=rollout.restart_after,
    )


def _scopes(runbook: Runbook) -> tuple[PlannedScope, ...]:
    return tuple(
        PlannedScope(
            by=limit.by,
            at_once=limit.at_once,
            per_hour=limit.per_hour,
            people_at_once=limit.people_at_once,
        )
        for limit in runbook.limits.per_scope
    )


def _approval(runbook: Runbook) -> PlannedApproval:
    approval = runbook.approval
    return PlannedApproval(
        team=approval.team or runbook.owner_team,
        role=approval.role or "",
        needed=approval.needed,
        within=approval.within,
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
