"""The charter's runbooks, and what refuses one that would fail, or never match, once it matters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from desk_charter import Charter, Problem, runbook_checks
from desk_charter.requests import HttpRequest
from desk_charter.runbooks import ActStep, Probe, ProbeStep, Runbook, UndoAct
from desk_charter.sections import Section
from desk_contracts import Payload
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.events.signals import SignalRaised
from pydantic import BaseModel, JsonValue

from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.conditions.expression import (
    EVENT_FIELDS,
    Inputs,
    condition,
    problems_in,
)
from desk_automation.conditions.types import Names, find_wrong
from desk_automation.patterns.charter import check_pattern, check_pattern_tests


class _Response(BaseModel):
    """What an answer's condition sees; the target alone knows what is in its body."""

    status: int
    body: JsonValue


READ = frozenset({SignalRaised.TYPE, TicketFulfilmentRequested.TYPE})
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# How a request is framed, and what the desk says about itself, is not the runbook's.
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade"}
    | {"expect", "desk-run", "desk-fencing-token"}
)


def check_runbooks(charter: Charter) -> Iterator[Problem]:
    """Everything in the runbooks that would fail, or never match, once it matters."""
    for runbook in charter.of(runbook_checks.RUNBOOKS):
        where = ("runbooks", runbook.id)
        if runbook.event not in READ:
            sentence = (
                f"automation does not read {runbook.event}; write {SignalRaised.TYPE}, or"
                f" {TicketFulfilmentRequested.TYPE} for what people ask for"
            )
            yield Problem.at(*where, "event", sentence=sentence)
            continue
        shape = PAYLOADS[runbook.event]
        wrong = [*_conditions(runbook, shape), *_choices(runbook, shape), *check_pattern(runbook)]
        yield from wrong
        if not wrong:
            yield from _tests(runbook)
            yield from check_pattern_tests(runbook)
        yield from _paths(runbook, shape)
        yield from _executors(runbook)
        if "${steps" in runbook.model_dump_json():
            sentence = "${steps.…} is not served yet; take what you need from the event"
            yield Problem.at(*where, "steps", sentence=sentence)


def _conditions(runbook: Runbook, shape: type[Payload]) -> Iterator[Problem]:
    where = ("runbooks", runbook.id)
    names: Names = {"event": EVENT_FIELDS, "data": shape}
    if runbook.when.once is not None:
        for sentence in find_wrong(runbook.when.once, names, names):
            yield Problem.at(*where, "when", sentence=sentence)
    names = {"response": frozenset(_Response.model_fields)}
    for place, step in _calls(runbook):
        expect = step.expect if isinstance(step, Probe) else "true"
        for sentence in find_wrong(expect, names, {"response": _Response}):
            yield Problem.at(*where, *place, "expect", sentence=sentence)
    if runbook.verify is not None and runbook.verify.condition is not None:
        for sentence in find_wrong(runbook.verify.condition, {"value": None}, {"value": float}):
            yield Problem.at(*where, "verify", "condition", sentence=sentence)


def _choices(runbook: Runbook, shape: type[Payload]) -> Iterator[Problem]:
    """What decides whether a step is for an event."""
    names: Names = {"event": EVENT_FIELDS, "data": shape}
    for section, steps in (("guards", runbook.guards), ("steps", runbook.steps)):
        for step in steps:
            for sentence in find_wrong(step.condition or "true", names, names):
                yield Problem.at("runbooks", runbook.id, section, step.id, "if", sentence=sentence)


def _executors(runbook: Runbook) -> Iterator[Problem]:
    """Executors that are installed here, and headers that a runbook may set."""
    for place, step in _calls(runbook):
        where = ("runbooks", runbook.id, *place)
        if step.executor not in EXECUTORS.kinds:
            kinds = ", ".join(sorted(EXECUTORS.kinds))
            sentence = f"no executor '{step.executor}' is installed; there are {kinds}"
            yield Problem.at(*where, "executor", sentence=sentence)
            continue
        for within, sentence in EXECUTORS.kind(step.executor).find_problems(step.request):
            yield Problem.at(*where, "request", *within, sentence=sentence)
        if not isinstance(step.request, HttpRequest):
            continue
        for name in step.request.headers:
            if not _HEADER.fullmatch(name) or name.lower() in _OURS:
                sentence = f"'{name}' is no header that a runbook may set"
                yield Problem.at(*where, "request", "headers", name, sentence=sentence)


def _calls(runbook: Runbook) -> Iterator[tuple[tuple[str, ...], ActStep | UndoAct | Probe]]:
    """Every step, guard and question that an executor carries out, and where it is written."""
    for section, steps in (("guards", runbook.guards), ("steps", runbook.steps)):
        for step in steps:
            if isinstance(step, ActStep | ProbeStep):
                yield (section, step.id), step
            if isinstance(step, ActStep) and step.confirm is not None:
                yield (section, step.id, "confirm"), step.confirm
            if isinstance(step, ActStep) and step.undo is not None:
                yield (section, step.id, "undo"), step.undo
                if step.undo.confirm is not None:
                    yield (section, step.id, "undo", "confirm"), step.undo.confirm


def _paths(runbook: Runbook, shape: type[Payload]) -> Iterator[Problem]:
    """`target` and `match.by` name what the event has."""
    places: list[tuple[tuple[str, ...], str]] = [(("target",), runbook.target)]
    places += [(("match", "by"), path) for path in runbook.match.by]
    names: dict[str, type[Payload] | frozenset[str] | None] = {
        "data": shape,
        "event": EVENT_FIELDS,
        "subject": frozenset(),
    }
    for place, path in places:
        if path.partition(".")[0] not in names:
            sentence = f"'{path}' is not known; write subject or data.…"
            yield Problem.at("runbooks", runbook.id, *place, sentence=sentence)
        for sentence in problems_in(path, names) if path != "subject" else []:
            yield Problem.at("runbooks", runbook.id, *place, sentence=sentence)


def _tests(runbook: Runbook) -> Iterator[Problem]:
    """The runbook's own examples, by the real matcher."""
    if runbook.when.once is None:
        return
    for number, test in enumerate(runbook.tests):
        values: Mapping[str, object] = {
            "event": {**dict.fromkeys(EVENT_FIELDS, ""), "subject": test.subject},
            "data": test.data,
        }
        starts = condition(runbook.when.once).holds(Inputs(values))
        if starts != (test.expect == "run"):
            did = "starts a run" if starts else "is ignored"
            sentence = f"the event of '{test.name}' {did}, but 'expect: {test.expect}' is written"
            yield Problem.at("runbooks", runbook.id, "tests", number, sentence=sentence)


# What every reader of a charter checks, and what only automation can.
RUNBOOKS: Section[tuple[Runbook, ...]] = replace(
    runbook_checks.RUNBOOKS, whole_checks=(check_runbooks,)
)
