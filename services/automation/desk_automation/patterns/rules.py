"""A runbook's pattern, compiled: what one event says to it, and whole logs for the tests of
runbooks."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_charter.patterns import When
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.ids import derive_id
from desk_contracts.value_types import SubjectKind

from desk_automation.actions.template import as_text, lookup
from desk_automation.conditions.expression import Condition, Inputs, condition
from desk_automation.conditions.inputs import SUBJECT_KIND
from desk_automation.patterns.decide import elapse, find_due, find_window, hear
from desk_automation.patterns.model import KeptEvent, Match, Occurrence, SubjectWindows

# The trouble of an episode is over, or nobody watches it any more: whether it lasts is not known.
_ENDS = frozenset({SignalCleared.TYPE, SignalDropped.TYPE})
LONGEST_VALUE = 100
# After the longest time that any pattern waits.
LONG_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PatternRule:
    """One runbook's pattern and its compiled conditions, each with the type of its events."""

    runbook: str
    when: When
    version: str
    parts: tuple[tuple[str, Condition], ...]

    def find_occurrence(
        self, event: AnyEvent, values: Mapping[str, object], arrived: datetime
    ) -> Occurrence | None:
        """What the event says to the pattern; None if it has nothing to do with it."""
        parts = self.find_parts(event, values)
        has_ends = self.when.held is not None or self.when.flap is not None
        is_end = has_ends and event.type in _ENDS
        if not (parts or is_end):
            return None
        value = ""
        if self.when.distinct is not None:
            value = as_text(lookup(self.when.distinct.value, values)) or ""
        starts = self.when.starting in parts and event.type == SignalRaised.TYPE
        return Occurrence(
            id=event.id,
            at=event.time,
            arrived=arrived,
            due=find_due(event.time, arrived, self.when.lateness),
            parts=parts,
            value=value if len(value) <= LONGEST_VALUE else _digest(value),
            episode=getattr(event.data, "episode", ""),
            is_end=is_end,
            event=_keep(event) if starts else None,
        )

    def find_parts(self, event: AnyEvent, values: Mapping[str, object]) -> tuple[int, ...]:
        """The places of the parts that hold for the event."""
        kind = getattr(event.data, "subject_kind", None)
        signal = getattr(event.data, "signal", None)
        parts = [
            (place, holds)
            for place, (type, holds) in enumerate(self.parts)
            if type == event.type
            and holds.signal in {None, signal}
            and (kind is not SubjectKind.FLEET or holds.asks_for(*SUBJECT_KIND))
        ]
        if not parts:
            return ()
        inputs = Inputs({"event": values["event"], "data": values["data"]})
        return tuple(place for place, holds in parts if holds.holds(inputs))


def compile_pattern(runbook: str, when: When) -> PatternRule:
    """Its version changes with what it asks for."""
    parts = tuple((part.event, condition(part.where)) for part in when.parts.values())
    return PatternRule(runbook, when, _digest(when.model_dump_json()), parts)


def match_run_id(subject: str, runbook: str, match: Match) -> str:
    """The match begins with one event; it is a part of no other match of this runbook."""
    return derive_id(match.first, "\n".join(["pattern", runbook, subject]))


def restore(match: Match, subject: str) -> Event[SignalRaised]:
    """The event that starts the run, as it was read."""
    kept = match.event
    return Event(
        id=kept.id,
        source=kept.source,
        subject=subject,
        time=kept.time,
        data=SignalRaised.model_validate(kept.data),
        correlation_id=kept.correlation_id,
        traceparent=kept.traceparent,
    )


def find_matches(
    rule: PatternRule, log: Iterable[tuple[AnyEvent, Mapping[str, object]]]
) -> tuple[Match, ...]:
    """All matches in a log of one subject, whose events arrive at their own time."""
    windows, last = SubjectWindows(), None
    for event, values in log:
        last = event.time
        if (occurrence := rule.find_occurrence(event, values, event.time)) is not None:
            windows = hear(windows, rule.runbook, rule.version, rule.when, occurrence)
    if last is not None:
        windows = elapse(windows, rule.runbook, rule.when, last + LONG_AFTER)
    window = find_window(windows, rule.runbook)
    return () if window is None else window.matches


def _keep(event: AnyEvent) -> KeptEvent:
    return KeptEvent(
        id=event.id,
        source=event.source,
        type=event.type,
        time=event.time,
        data=event.data.model_dump(mode="json"),
        correlation_id=event.correlation_id,
        traceparent=event.traceparent,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
