"""From a signal to a run. The same episode and runbook always give the same run, so none doubles.

The id leaves the runbook's version out on purpose: a signal read twice, with a new charter in
between, must not repair twice. The version is pinned inside the run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from desk_charter.people import Team
from desk_charter.runbook_brakes import Mode
from desk_charter.runbooks import Runbook
from desk_contracts import Event
from desk_contracts.events.automation import Outcome
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.events.signals import SignalRaised
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_contracts.value_types import SubjectKind
from desk_kernel import Decision

from desk_automation.actions.decide import Kinds
from desk_automation.actions.redaction import cut
from desk_automation.actions.template import PlanFailed, as_text, lookup
from desk_automation.conditions.expression import Condition
from desk_automation.conditions.inputs import SUBJECT_KIND, values_of
from desk_automation.holdback.decide import choose_arm
from desk_automation.runs import consenting, lifecycle
from desk_automation.runs.decide import steps_of
from desk_automation.runs.model import Phase, Run, Trigger
from desk_automation.runs.plan import Plan, bounds_of, make_plan, version_of

# What starts runs: trouble, and what people ask for.
Raised = Event[SignalRaised] | Event[TicketFulfilmentRequested]


# In which mode a runbook acts on a day: that of the charter, unless it is promoted.
ModeOf = Callable[[Runbook, date], Mode]


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """How long a run may wait for its turn, how old a signal may be that still starts one, and
    what carries its steps out."""

    queue: timedelta
    stale: timedelta
    kinds: Kinds
    mode_of: ModeOf = Runbook.mode_on


def run_id(event: Raised, runbook: Runbook) -> str:
    """One run for each episode, runbook and value of its `match.by`."""
    values = values_of(event, "")
    by = [as_text(lookup(path, values)) or "" for path in runbook.match.by]
    return derive_id(episode_of(event), "\n".join(["run", runbook.id, *by]))


def target_of(event: Raised, runbook: Runbook) -> str:
    """What the runbook acts on; empty where the event does not say it."""
    return as_text(lookup(runbook.target, values_of(event, ""))) or ""


def episode_of(event: Raised) -> str:
    """What ends by itself, or is taken back: a trouble, or a ticket's request."""
    return event.data.episode if isinstance(event.data, SignalRaised) else event.subject


def is_meant(runbook: Runbook, when: Condition, event: Raised) -> bool:
    """Whether the event is of the runbook's kind; a request names the one that fulfils it, and a
    signal of a fleet starts only a runbook that asks for the kind of its subject."""
    data = event.data
    if isinstance(data, SignalRaised):
        is_named = data.subject_kind is not SubjectKind.FLEET or when.asks_for(*SUBJECT_KIND)
    else:
        is_named = data.runbook == runbook.id
    return is_named and runbook.event == event.type


def start_run(  # noqa: PLR0913 (what starts a run, and by whose leave)
    runbook: Runbook,
    event: Raised,
    owner: Team,
    policy: RunPolicy,
    now: datetime,
    *,
    id: str = "",
    mode: Mode | None = None,
    matched_at: datetime | None = None,
) -> Decision[Run]:
    """The new run: waiting for its first moment, or ended at once with the reason why.

    `owner` answers for the runbook. `id` and `mode` stand in for those of episode and runbook where
    a person asked for the run; `id` and `matched_at` come from the match of a pattern over time.
    """
    values = values_of(event, id := id or run_id(event, runbook))
    target = values["target"] = as_text(lookup(runbook.target, values)) or ""
    in_force = policy.mode_of(runbook, now.date())
    try:
        plan = make_plan(runbook, mode or in_force, id, values, policy.kinds)
    except PlanFailed as failed:
        return _hand_over_unplanned(runbook, event, id, failed.why, now, in_force)
    if not target:
        reason = message("run.no-target", path=runbook.target)
        return _hand_over_unplanned(runbook, event, id, reason, now, in_force)
    run = _new(id, target, _trigger(event), plan, policy.queue, now)
    if now - (matched_at or event.time) > policy.stale:
        return _close_at_once(lifecycle.skip(run, message("run.stale", at=event.time), now))
    if plan.mode in {"observe", "suggest"}:
        steps = steps_of(plan)
        reason = message("run.not-run-by-mode", mode=plan.mode, plan=plan.hash, steps=steps)
        return _close_at_once(lifecycle.skip(run, reason, now))
    held = {} if mode is not None else _hold_back(runbook, event, id, now)
    begins_at = max(find_beginning(runbook, event, owner, now), held.get("held_until", now))
    if "held_until" not in held and begins_at > now + runbook.settle:
        held["reason"] = message("run.waits-for-shift", at=begins_at, team=owner.title)
    run, consented = consenting.consent_by_request(run)
    update = {"timer_at": begins_at, "queue_until": begins_at + policy.queue, **held}
    return Decision(run.model_copy(update=update), consented)


def _hold_back(runbook: Runbook, event: Raised, id: str, now: datetime) -> dict[str, Any]:
    """Nobody waits for a request, nor for trouble that is still to come."""
    declared, data = runbook.hold_back, event.data
    if declared is None or not isinstance(data, SignalRaised) or data.expected_at is not None:
        return {}
    arm = choose_arm(id, declared.percent)
    if arm != "waits":
        return {"arm": arm}
    until = now + max(declared.wait, runbook.settle)
    return {"arm": arm, "held_until": until, "reason": message("run.held-back", until=until)}


def find_beginning(runbook: Runbook, event: Raised, owner: Team, now: datetime) -> datetime:
    """When the run begins: once it has settled; before trouble that is forecast, if the runbook
    uses that lead, when its owner works next, but in time whatever the hour.
    """
    settled = now + runbook.settle
    expected = event.data.expected_at if isinstance(event.data, SignalRaised) else None
    if runbook.lead is None or expected is None:
        return settled
    shift = owner.find_next_shift(settled)
    if shift is None:
        return settled
    return max(settled, min(shift, expected - runbook.lead.ahead))


def _new(
    id: str, target: str, trigger: Trigger, plan: Plan, queue: timedelta, now: datetime
) -> Run:
    return Run(
        id=id,
        target=target,
        trigger=trigger,
        plan=plan,
        phase=Phase.SETTLING,
        created_at=now,
        timer_at=now,
        queue_until=now + queue,
    )


def _trigger(event: Raised) -> Trigger:
    data = event.data
    if isinstance(data, TicketFulfilmentRequested):
        return Trigger(
            event=event.id,
            correlation=event.correlation_id,
            traceparent=event.traceparent,
            at=event.time,
            # What is measured afterwards is the device, where it is about one.
            subject=data.device or data.service or event.subject,
            subject_kind="device" if data.device else "service",
            episode=event.subject,
            title=data.title,
            service=data.service,
            person=data.person,
            request=event.subject,
        )
    return Trigger(
        event=event.id,
        correlation=event.correlation_id,
        traceparent=event.traceparent,
        at=event.time,
        subject=event.subject,
        subject_kind=data.subject_kind,
        episode=data.episode,
        signal=data.signal,
        title=data.title,
        service=data.service,
        person=data.person,
        site=data.site,
        measurement=data.measurement,
        value=data.value,
    )


def _hand_over_unplanned(
    runbook: Runbook, event: Raised, id: str, why: Message, now: datetime, mode: Mode
) -> Decision[Run]:
    """The trouble is real but the repair cannot be planned: its owners hear of it."""
    plan = Plan(
        runbook=runbook.id,
        version=version_of(runbook),
        title=runbook.title,
        mode=mode,
        team=runbook.escalate.team or runbook.owner_team,
        escalation_title=cut(f"{event.data.title}: {runbook.title}", 300),
        bounds=bounds_of(runbook),
    )
    trigger = _trigger(event)
    run = _new(id, trigger.subject, trigger, plan, timedelta(), now)
    reason = message("run.not-planned", why=why)
    if mode in {"observe", "suggest"}:
        return _close_at_once(lifecycle.skip(run, reason, now))
    return _close_at_once(lifecycle.escalate(run, Outcome.NOT_RUN, reason, now))


def _close_at_once(decided: Decision[Run]) -> Decision[Run]:
    """It never asked for anything, so nothing has to be let go."""
    state = decided.state.model_copy(update={"is_closed": True, "timer_at": None})
    return Decision(state, decided.events)
