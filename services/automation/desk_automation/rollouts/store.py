"""How rings and faults are kept: one document for each runbook, and the signals that reach it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents, Schema

from desk_automation.rollouts.events import emit_changes
from desk_automation.rollouts.fleet import FleetRules, add_fault
from desk_automation.rollouts.model import FaultSeen, RolloutState

ROLLOUTS = Schema(
    collection="rollouts",
    model=RolloutState,
    kept="one for each runbook",
)
# Of a signal: the runbooks whose fleets are guarded, with the target that shows the fault.
Faults = Callable[[Event[SignalRaised], datetime], Mapping[str, tuple[FaultSeen, FleetRules]]]
Change = Callable[[RolloutState | None, datetime], RolloutState | None]


def rollout_projection(
    documents: Documents[RolloutState], faults: Faults, stale_after: timedelta
) -> Projection[RolloutState]:
    """Faults of guarded runbooks are counted as they are seen, also while their runs settle; not
    those of signals so old that they start nothing."""
    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[RolloutState | None, [Context], Decision[RolloutState] | None] = Reducers(
        lambda _state, _event, _context: None
    )

    @keys.on(SignalRaised)
    def find_guarded(event: Event[SignalRaised]) -> Iterable[str]:
        return faults(event, event.time)

    @react.on(SignalRaised)
    def count_fault(
        state: RolloutState | None, event: Event[SignalRaised], context: Context
    ) -> Decision[RolloutState] | None:
        counted = faults(event, context.now).get(context.id)
        if counted is None or context.now - event.time > stale_after:
            return None
        fault, rules = counted
        return rollout_rule(lambda s, now: add_fault(s, fault, rules, now))(state, context)

    return Projection(documents, keys, react)


def rollout_rule(change: Change, by: str = "", why: str = "") -> Rule[RolloutState]:
    """A change with the events that tell of it, and the next moment to look at it."""

    def rule(state: RolloutState | None, context: Context) -> Decision[RolloutState] | None:
        after = change(state, context.now)
        if after is None:
            return None
        events = emit_changes(context.id, state, after, by, why, context.now)
        return Decision(after, tuple(events), due=after.due)

    return rule
