"""Signals become runs; what each runbook made of a signal is noted for those who ask why."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from desk_contracts import Event
from desk_contracts.events.devices import PolicyApplied
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.events.signals import SignalRaised
from desk_contracts.message import message
from desk_kernel import Context, Decision, Readings, Reducers
from desk_kernel.retention import is_forgotten
from desk_platform.kafka import Projection
from desk_platform.lookout import Consideration, Lookout
from desk_platform.store import Documents
from desk_platform.telemetry import get_logger

from desk_automation.conditions.expression import Inputs, Undecided, condition, parts_of, paths_in
from desk_automation.conditions.inputs import values_of
from desk_automation.devices.store import PoliciesOf
from desk_automation.matching.decide import Raised, RunPolicy, is_meant, start_run
from desk_automation.matching.rulebook import Rule, Rulebook
from desk_automation.runs.by_device import record_application
from desk_automation.runs.model import TOLD_WITHIN, Run

log = get_logger()

LONGEST_VALUE = 120


def note_runbooks(lookout: Lookout, event: Raised, rulebook: Rulebook) -> None:
    """What each runbook made of a signal, worked out when somebody asks why."""
    lookout.note_later(event.subject, partial(_look_all, event, rulebook))


def _look_all(event: Raised, rulebook: Rulebook) -> Iterator[Consideration]:
    values = values_of(event, "")
    about = {"event": values["event"], "data": values["data"]}
    for rule in rulebook.rules:
        if is_meant(rule.runbook, rule.when, event):
            yield _look(rule, event, about)._replace(service=event.data.service)
    for pattern in rulebook.patterns:
        runbook = rulebook.find(pattern.runbook)
        if runbook is None:
            continue
        starting = condition(runbook.when.starting_condition)
        if not is_meant(runbook, starting, event):
            continue
        if pattern.find_parts(event, values):
            why = message("runbook.part-of-pattern")
            look = Consideration("runbook", runbook.id, event.time, "counted", why)
        else:
            look = _look(Rule(runbook, starting), event, about)
        yield look._replace(service=event.data.service)


def _look(rule: Rule, event: Raised, about: Mapping[str, object]) -> Consideration:
    runbook, inputs = rule.runbook, Inputs(about)
    if rule.when.verdict(inputs) is True:
        explanation = message("runbook.matched")
        return Consideration("runbook", runbook.id, event.time, "matched", explanation)
    for part in parts_of(rule.when.text):
        verdict = condition(part).verdict(inputs)
        if verdict is True:
            continue
        values = dict(_values(part, about))
        if isinstance(verdict, Undecided):
            log.info("condition_not_decided", condition=part, reason=verdict.reason)
            explanation = message("runbook.undecided", part=part, why=verdict.reason)
            return Consideration(
                "runbook", runbook.id, event.time, "undecided", explanation, values
            )
        explanation = message("runbook.condition-false", part=part)
        return Consideration(
            "runbook", runbook.id, event.time, "condition-false", explanation, values
        )
    explanation = message("runbook.condition-false", part=rule.when.text)
    values = dict(_values(rule.when.text, about))
    return Consideration("runbook", runbook.id, event.time, "condition-false", explanation, values)


def _values(part: str, about: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The attributes that a part asks for, as the event has them, or `(missing)`."""
    for path in sorted(set(paths_in(part))):
        if path[0] not in about:
            continue
        value: object = about
        for name in path:
            if not isinstance(value, Mapping) or name not in value:
                value = "(missing)"
                break
            value = value[name]
        if not isinstance(value, Mapping | list):
            yield ".".join(path), re.sub(r"\s+", " ", str(value))[:LONGEST_VALUE]


Look = Callable[[], Rulebook]


Heard = Callable[[Raised, Rulebook], None]


def _unheard(_event: Raised, _rulebook: Rulebook) -> None:
    """Nobody asks why."""


Keys = Readings[Iterable[str]]
React = Reducers[Run | None, [Context], Decision[Run] | None]


def run_projection(
    documents: Documents[Run],
    look: Look,
    policy: RunPolicy,
    heard: Heard = _unheard,
    policies_of: PoliciesOf = lambda _device: (),
) -> Projection[Run]:
    """Every matching runbook gets one run, and so does what a device did by itself; that the run
    exists is what is committed."""

    keys: Keys = Readings(())
    react: React = Reducers(lambda _run, _event, _context: None)

    @keys.on(SignalRaised, TicketFulfilmentRequested)
    def find_runs(event: Raised) -> Iterable[str]:
        rulebook = look()
        heard(event, rulebook)
        return rulebook.runs(event)

    @react.on(SignalRaised, TicketFulfilmentRequested)
    def match_runbook(run: Run | None, event: Raised, context: Context) -> Decision[Run] | None:
        rulebook = look()
        runbook = rulebook.runs(event).get(context.id)
        if run is not None or runbook is None:
            return None
        if is_forgotten(event.time, context.now):
            log.warning(
                "run_not_started", run=context.id, why="its event is too old", caused_by=event.id
            )
            return None
        owner = rulebook.owner_of(runbook)
        decided = start_run(runbook, event, owner, policy, context.now, id=context.id)
        return decided._replace(due=decided.state.timer_at)

    _hear_devices(keys, react, policies_of)
    return Projection(documents, keys, react)


def _hear_devices(keys: Keys, react: React, policies_of: PoliciesOf) -> None:
    """What a device did by itself is a run from the moment at which it is told, once."""

    @keys.on(PolicyApplied)
    def find_application(event: Event[PolicyApplied]) -> Iterable[str]:
        return (event.data.application,)

    @react.on(PolicyApplied)
    def note_application(
        run: Run | None, event: Event[PolicyApplied], context: Context
    ) -> Decision[Run] | None:
        if run is not None:
            return None
        if event.time < context.now - TOLD_WITHIN:
            log.warning("run_not_recorded", run=context.id, why="told too late", caused_by=event.id)
            return None
        return record_application(event, policies_of(event.subject), context.now)
