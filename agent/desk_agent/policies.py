"""When a device may act without the desk: by a signed policy, within its limits. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.devices import PolicyOutcome

from desk_agent.entry import Entry, OrderState

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is to be known of the device before it acts by itself."""

    bad_in_a_row: int
    offline_for: timedelta | None
    now: datetime
    past: Sequence[Entry]


def may_act(policy: DevicePolicy, situation: Situation) -> bool:
    """Whether the policy holds now. What stays in doubt is looked at by people first."""
    now = situation.now
    if now >= policy.expires or situation.offline_for is None:
        return False
    if situation.offline_for < policy.offline_for:
        return False
    if situation.bad_in_a_row < policy.samples:
        return False
    past = situation.past
    if any(entry.state in {OrderState.INTENT, OrderState.IN_DOUBT} for entry in past):
        return False
    # A clock that went back makes none of the past younger than nothing.
    ages = [abs(now - entry.started_at) for entry in past]
    is_cool = all(age >= policy.cooldown for age in ages)
    return is_cool and sum(age < _DAY for age in ages) < policy.per_day


def judge_outcome(policy: DevicePolicy, state: OrderState, after: float | None) -> PolicyOutcome:
    """What an application came to: only a measurement after it says that it healed."""
    if state in {OrderState.IN_DOUBT, OrderState.INTENT}:
        return PolicyOutcome.IN_DOUBT
    if after is None:
        return PolicyOutcome.INCONCLUSIVE
    if policy.is_bad(after):
        return PolicyOutcome.NOT_HEALED
    # It is well again, but what was cut off or refused did not do it.
    is_done = state is OrderState.DONE
    return PolicyOutcome.HEALED if is_done else PolicyOutcome.INCONCLUSIVE
