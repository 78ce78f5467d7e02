"""Heals while the desk is out of reach: keeps its policies, applies them, and tells it later.

An application is an order like a command's: intent before, outcome after, in doubt after a kill
until the device shows what happened.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.devices import DeviceOutcome, PolicyApplied, PolicyIssued
from desk_contracts.ids import new_id
from desk_contracts.message import message
from pydantic import ValidationError

from desk_agent.admission import read_policy
from desk_agent.clock import DeviceClock
from desk_agent.database import Database
from desk_agent.entry import Entry, OrderState
from desk_agent.orders import Orders
from desk_agent.policies import Situation, judge_outcome, may_act
from desk_agent.spool import Spool

Measure = Callable[[str], float | None]


class Autonomy:
    """The policies of one device. Not for two threads at once, as its orders."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        *,
        device: str,
        pinned: Mapping[str, str],
        database: Database,
        spool: Spool,
        clock: DeviceClock,
        orders: Orders,
        measure: Measure,
    ) -> None:
        self._device, self._pinned = device, pinned
        self._database, self._spool, self._clock = database, spool, clock
        self._orders, self._measure = orders, measure
        self._bad: Counter[str] = Counter()

    def keep(self, issued: PolicyIssued) -> bool:
        """Keep a policy that the desk signed for this device, if it is newer than the one kept."""
        policy = read_policy(issued, self._device, self._pinned)
        if policy is None:
            return False
        # The largest version that ever came, obeyed or not: it never goes back to a smaller one.
        rows = self._database.read("SELECT version FROM policies WHERE id = ?", policy.id)
        if any(policy.version < int(str(version)) for (version,) in rows):
            return False
        if policy.version == self.versions.get(policy.id):
            return False
        row = (policy.id, policy.version, issued.model_dump_json())
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO policies VALUES (?, ?, ?)", row)
        return True

    @property
    def versions(self) -> dict[str, int]:
        """Of each policy that is obeyed, which it is."""
        return {policy.id: policy.version for policy in self._policies()}

    def consider(self, values: Mapping[str, float], offline_for: timedelta | None) -> None:
        """After each measuring: apply what holds now, one after another. With None the desk is in
        reach, so it decides what is done."""
        for policy in self._policies():
            value = values.get(policy.measurement)
            if value is None or not policy.is_bad(value):
                self._bad[policy.id] = 0
                continue
            self._bad[policy.id] += 1
            past = self._orders.journal.applications(policy.id)
            situation = Situation(self._bad[policy.id], offline_for, self._clock.now(), past)
            is_allowed = self._orders.refuse_action(policy.action, policy.parameters) is None
            if is_allowed and may_act(policy, situation):
                self._apply(policy, value)

    def report(self) -> None:
        """Tell the desk what applications came to that it was not told of, by what is measured
        now; each once, whenever the agent is killed."""
        for entry in self._orders.journal.list_unreported():
            if entry.policy is not None:
                self._report(entry, entry.policy)

    def _report(self, entry: Entry, policy: DevicePolicy) -> None:
        after, is_open = self._measure(policy.measurement), entry.state is OrderState.INTENT
        data = PolicyApplied(
            application=entry.key,
            policy=policy.id,
            version=policy.version,
            title=policy.title,
            team=policy.team,
            service=policy.service,
            person=policy.person,
            action=policy.action,
            measurement=policy.measurement,
            threshold=policy.threshold,
            before=entry.value or 0.0,
            after=after,
            started_at=entry.started_at,
            outcome=judge_outcome(policy, entry.state, after),
            action_outcome=None if is_open else DeviceOutcome(entry.state.value),
            reason=entry.reason or message("device.in-doubt"),
            details=dict(entry.details),
        )
        with self._database.write():
            self._spool.add(data, self._clock.now())
            self._orders.journal.mark_reported(entry.key)

    def _apply(self, policy: DevicePolicy, value: float) -> None:
        self._bad[policy.id] = 0
        baseline = self._orders.observe(policy.action, policy.parameters)
        self._orders.perform(
            Entry(
                key=new_id(),
                action=policy.action,
                parameters=policy.parameters,
                state=OrderState.INTENT,
                started_at=self._clock.now(),
                policy=policy,
                value=value,
                baseline=baseline,
            )
        )
        self.report()

    def _policies(self) -> list[DevicePolicy]:
        """Those whose signature still holds: the file of the device may have been touched."""
        kept = []
        for (document,) in self._database.read("SELECT document FROM policies ORDER BY id"):
            try:
                issued = PolicyIssued.model_validate_json(str(document))
            except ValidationError:
                continue
            policy = read_policy(issued, self._device, self._pinned)
            if policy is not None:
                kept.append(policy)
        return kept
