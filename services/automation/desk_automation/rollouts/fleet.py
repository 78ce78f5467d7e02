"""Many equal faults within a time are one cause: the runbook is stopped, whatever its rings say.

Pure, and in the time of the signals: the same log gives the same stop.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.events.automation import StopKind
from desk_contracts.message import message

from desk_automation.rollouts.decide import MAX_TARGETS
from desk_automation.rollouts.model import FaultSeen, RolloutState, RunbookStop

# So many targets are named to people; the event has more.
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class FleetRules:
    """How many targets of a runbook may show its fault within a time, and whose matter it is."""

    more_than: int
    within: timedelta
    title: str
    team: str


def add_fault(
    state: RolloutState | None, fault: FaultSeen, rules: FleetRules, now: datetime
) -> RolloutState | None:
    """The state with one more target that shows the fault, stopped if these are too many; None if
    nothing changes. Each target counts once, by its newest signal."""
    state = state or RolloutState()
    if state.stop is not None:
        return None
    seen = {item.target: item for item in state.faults}
    earlier = seen.get(fault.target, fault)
    seen[fault.target] = max(fault, earlier, key=lambda item: item.at)
    newest = max(item.at for item in seen.values())
    recent = sorted(
        (item for item in seen.values() if item.at > newest - rules.within),
        key=lambda item: (item.at, item.target),
    )
    after = state.model_copy(update={"faults": tuple(recent)})
    if len(recent) > rules.more_than:
        after = _stop(after, rules, now)
    return None if after == state else after


def count_recent(state: RolloutState, within: timedelta, now: datetime) -> int:
    """How many targets showed the fault within the time that ends now."""
    return sum(item.at > now - within for item in state.faults)


def _stop(state: RolloutState, rules: FleetRules, now: datetime) -> RolloutState:
    targets = tuple(item.target for item in state.faults)
    reason = message(
        "stop.fleet",
        count=len(targets),
        within=rules.within,
        targets=list(targets[:_MOST_NAMED]),
    )
    stop = RunbookStop(
        kind=StopKind.FLEET,
        at=now,
        reason=reason,
        title=rules.title,
        team=rules.team,
        targets=targets[:MAX_TARGETS],
        target_count=len(targets),
    )
    return state.model_copy(update={"stop": stop})
