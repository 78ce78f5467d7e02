"""How the histories of targets and the debts of causes are kept, and which events reach them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from desk_contracts import Event
from desk_contracts.events.devices import PolicyApplied, PolicyOutcome
from desk_contracts.events.signals import SignalRaised
from desk_contracts.names import SIGNALS
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents, Schema

from desk_automation.recurrence.decide import add_cure, add_trouble
from desk_automation.recurrence.model import Cure, Debt, TargetHistory, Trouble

HISTORIES = Schema(
    collection="histories",
    model=TargetHistory,
    kept="one for each target; what is in it for two weeks",
)
DEBTS = Schema(
    collection="debts",
    model=Debt,
    kept="one for each runbook, and one for each of its targets",
)
Keys = Readings[Iterable[str]]
React = Reducers[TargetHistory | None, [Context], Decision[TargetHistory] | None]
# Which runbooks match a signal, by the target that each would act on.
Matching = Callable[[Event[SignalRaised]], Mapping[str, tuple[str, ...]]]
# A run of a device that is not there yet is looked for again after so long, and given up after a
# day: without the run there is nothing that could be taken back.
LOOK_AGAIN, GIVE_UP = timedelta(seconds=15), timedelta(days=1)


def history_projection(
    documents: Documents[TargetHistory], matching: Matching
) -> Projection[TargetHistory]:
    """Troubles of a target: of its own subject, and those that a runbook matches at it."""

    keys: Keys = Readings(())
    react: React = Reducers(lambda _history, _event, _context: None)
    _hear_devices(keys, react)

    @keys.on(SignalRaised)
    def find_targets(event: Event[SignalRaised]) -> Iterable[str]:
        return {event.subject, *matching(event)}

    @react.on(SignalRaised)
    def note_trouble(
        history: TargetHistory | None, event: Event[SignalRaised], context: Context
    ) -> Decision[TargetHistory] | None:
        trouble = Trouble(
            episode=event.data.episode,
            # A moment to come is not believed: it would outlive all that is true.
            at=min(event.time, context.now),
            signal=event.data.signal,
            runbooks=matching(event).get(context.id, ()),
        )
        return _schedule(add_trouble(history, trouble), context.now)

    # An episode that is delivered again later is in the history, or too old to matter.
    return Projection(documents, keys, react, known_for=identity_retention(SIGNALS))


def _hear_devices(keys: Keys, react: React) -> None:
    """What made a device heal itself is a trouble, and what it verified a cure."""

    @keys.on(PolicyApplied)
    def find_device(event: Event[PolicyApplied]) -> Iterable[str]:
        return (event.subject,)

    @react.on(PolicyApplied)
    def note_application(
        history: TargetHistory | None, event: Event[PolicyApplied], context: Context
    ) -> Decision[TargetHistory] | None:
        data = event.data
        policy = f"policy/{data.policy}"
        started, ended = min(data.started_at, context.now), min(event.time, context.now)
        trouble = Trouble(episode=data.application, at=started, signal=policy, runbooks=(policy,))
        after = add_trouble(history, trouble)
        if data.outcome is PolicyOutcome.HEALED:
            cure = Cure(
                run=data.application,
                runbook=policy,
                episode=data.application,
                at=ended,
                signal=policy,
            )
            after = add_cure(after or history, cure) or after
        return _schedule(after, context.now)


def history_rule(
    decide: Callable[[TargetHistory | None, datetime], TargetHistory | None],
    pause: timedelta = timedelta(),
) -> Rule[TargetHistory]:
    """A change of a history from outside the event stream; due again after the pause while runs
    are to be told."""

    def rule(history: TargetHistory | None, context: Context) -> Decision[TargetHistory] | None:
        return _schedule(decide(history, context.now), context.now + pause)

    return rule


def _schedule(history: TargetHistory | None, due: datetime) -> Decision[TargetHistory] | None:
    return None if history is None else Decision(history, due=due if history.relapses else None)
