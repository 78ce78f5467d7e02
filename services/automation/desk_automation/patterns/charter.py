"""What refuses a runbook whose pattern over time would fail, or never match."""

from collections.abc import Iterator
from datetime import UTC, datetime

from desk_charter import Problem
from desk_charter.runbooks import Runbook, RunbookTest
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.events.signals import (
    SignalCleared,
    SignalDropped,
    SignalRaised,
    SignalSeverityChanged,
)
from pydantic import ValidationError

from desk_automation.conditions.expression import EVENT_FIELDS, problems_in
from desk_automation.conditions.inputs import values_of
from desk_automation.conditions.types import Names, find_wrong
from desk_automation.patterns.model import Match
from desk_automation.patterns.rules import compile_pattern, find_matches

# A subject's events on desk.signals that stand in one partition, so that their order is known.
HEARD = frozenset(
    payload.TYPE for payload in (SignalRaised, SignalCleared, SignalSeverityChanged, SignalDropped)
)
_BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_PLAIN = {
    "detector": "test",
    "signal": "test",
    "title": "Test",
    "severity": "warning",
    "previous": "warning",
    "subject_kind": "device",
    "measurement": "",
    "value": 0.0,
    "threshold": 0.0,
    "seen_at": _BEGINNING.isoformat(),
}


def check_pattern(runbook: Runbook) -> Iterator[Problem]:
    """Each part over the schema of its event, and what does not go together with a pattern."""
    where = ("runbooks", runbook.id)
    if runbook.when.pattern is None:
        return
    if runbook.event != SignalRaised.TYPE:
        sentence = f"a pattern over time is one of signals; write {SignalRaised.TYPE}"
        yield Problem.at(*where, "event", sentence=sentence)
    if runbook.fleet_guard is not None:
        sentence = "a fleet guard counts single events, so it cannot stand beside a pattern"
        yield Problem.at(*where, "fleet_guard", sentence=sentence)
    if "match" in runbook.model_fields_set:
        sentence = "a pattern is one of each subject; remove 'match'"
        yield Problem.at(*where, "match", sentence=sentence)
    yield from _check_parts(runbook)
    if runbook.when.distinct is not None:
        path = runbook.when.distinct.value
        names: Names = {"event": EVENT_FIELDS, "data": SignalRaised}
        is_path = path.partition(".")[0] in names and path.replace(".", "_").isidentifier()
        wrong = problems_in(path, names) if is_path else [f"'{path}' is no data.… or event.…"]
        for sentence in wrong:
            yield Problem.at(*where, "when", "distinct", "value", sentence=sentence)


def _check_parts(runbook: Runbook) -> Iterator[Problem]:
    where = ("runbooks", runbook.id, "when")
    for number, (place, part) in enumerate(runbook.when.parts.items()):
        if part.event not in HEARD:
            kinds = ", ".join(sorted(HEARD))
            sentence = f"no pattern reads {part.event}; there are {kinds}"
            yield Problem.at(*where, *place, sentence=sentence)
            continue
        if number == runbook.when.starting and part.event != SignalRaised.TYPE:
            sentence = f"its event starts the run, so it must be {SignalRaised.TYPE}"
            yield Problem.at(*where, *place, sentence=sentence)
        names: Names = {"event": EVENT_FIELDS, "data": PAYLOADS[part.event]}
        for sentence in find_wrong(part.where, names, names):
            yield Problem.at(*where, *place, sentence=sentence)


def check_pattern_tests(runbook: Runbook) -> Iterator[Problem]:
    """The runbook's own examples, by the real operators."""
    if runbook.when.pattern is None:
        return
    for number, test in enumerate(runbook.tests):
        try:
            starts = bool(play_test(runbook, test))
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            sentence = f"an event of '{test.name}' is none: {detail['msg']}"
            yield Problem.at("runbooks", runbook.id, "tests", number, sentence=sentence)
            continue
        if starts != (test.expect == "run"):
            did = "start a run" if starts else "are ignored"
            sentence = f"the events of '{test.name}' {did}, but 'expect: {test.expect}' is written"
            yield Problem.at("runbooks", runbook.id, "tests", number, sentence=sentence)


def play_test(runbook: Runbook, test: RunbookTest) -> tuple[Match, ...]:
    """The matches in the events of a test; after them nothing more is heard of the subject."""
    log = sorted(_events_of(test), key=lambda event: event.time)
    rule = compile_pattern(runbook.id, runbook.when)
    return find_matches(rule, ((event, values_of(event, "")) for event in log))


def _events_of(test: RunbookTest) -> Iterator[AnyEvent]:
    for number, given in enumerate(test.events):
        shape = PAYLOADS[given.event]
        signal = given.data.get("signal", "test")
        plain = {**_PLAIN, "episode": f"{test.subject}/{signal}"}
        fields = {name: value for name, value in plain.items() if name in shape.model_fields}
        data: Payload = shape.model_validate(fields | given.data)
        at = _BEGINNING + given.at
        yield Event(f"test/{number:04d}", "/test", test.subject, at, data)
