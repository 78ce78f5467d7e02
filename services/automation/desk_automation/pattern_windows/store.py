"""How windows are kept: one document for each subject, written with what was handled of the log."""

from collections.abc import Callable, Iterable
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.events.signals import (
    SignalCleared,
    SignalDropped,
    SignalRaised,
    SignalSeverityChanged,
)
from desk_contracts.names import SIGNALS
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents, Schema

from desk_automation.matching.rulebook import Rulebook
from desk_automation.pattern_windows.decide import find_next, hear_event
from desk_automation.patterns.model import SubjectWindows

PATTERN_WINDOWS = Schema(
    collection="pattern_windows",
    model=SubjectWindows,
    kept="one for each device or service",
)
Look = Callable[[], Rulebook]
Change = Callable[[SubjectWindows, datetime], SubjectWindows]


def window_projection(
    documents: Documents[SubjectWindows], look: Look
) -> Projection[SubjectWindows]:
    """Only subjects whose events are a part of some pattern are looked up at all."""

    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[SubjectWindows | None, [Context], Decision[SubjectWindows] | None] = Reducers(
        lambda _windows, _event, _context: None
    )

    @keys.on(SignalRaised, SignalCleared, SignalSeverityChanged, SignalDropped)
    def find_subject(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if look().is_heard(event) else ()

    @react.on(SignalRaised, SignalCleared, SignalSeverityChanged, SignalDropped)
    def hear_signal(
        windows: SubjectWindows | None, event: AnyEvent, context: Context
    ) -> Decision[SubjectWindows] | None:
        arrived = min(context.arrived or context.now, context.now)
        after = hear_event(windows, event, arrived, look().patterns)
        return None if after is None else _schedule(after, look, context.now)

    return Projection(
        documents, keys, react, known_for=identity_retention(SIGNALS), needs_arrival=True
    )


def window_rule(look: Look, change: Change) -> Rule[SubjectWindows]:
    """A change of a subject's windows from outside the event stream, with its next due time."""

    def rule(windows: SubjectWindows | None, context: Context) -> Decision[SubjectWindows] | None:
        if windows is None:
            return None
        return _schedule(change(windows, context.now), look, context.now)

    return rule


def _schedule(windows: SubjectWindows, look: Look, now: datetime) -> Decision[SubjectWindows]:
    rules = {rule.runbook: rule for rule in look().patterns}
    return Decision(windows, due=find_next(windows, rules, now))
