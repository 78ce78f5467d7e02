"""Why a runbook matched a signal or did not: which part of its condition, and with which values."""

import re
from collections.abc import Iterator, Mapping

from desk_shared.events.message import message
from desk_shared.lookout import Consideration, Lookout

from desk_automation.conditions import TOKEN, Inputs, Undecided, condition, paths_in
from desk_automation.domain.matching import Raised, values_of
from desk_automation.rulebook import Rule, Rulebook

LONGEST_VALUE = 120
_OPENING, _CLOSING, _ALTERNATIVE = frozenset("([{"), frozenset(")]}"), frozenset("|?")


def note_runbooks(lookout: Lookout, event: Raised, rulebook: Rulebook) -> None:
    """What each runbook made of a signal."""
    values = values_of(event, "")
    about = {"event": values["event"], "data": values["data"]}
    for rule in rulebook.rules:
        if rule.runbook.event == event.type:
            look = _look(rule, event, about)._replace(service=event.data.service)
            lookout.note(event.subject, look)


def parts_of(text: str) -> list[str]:
    """The parts of a condition that must all hold: it is cut at every && outside of brackets."""
    parts, depth, start, before = list[str](), 0, 0, ""
    for found in TOKEN.finditer(text):
        mark = found["mark"] or ""
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if depth == 0 and mark in _ALTERNATIVE:
            return [text.strip()]  # an alternative at the top: only the whole can be judged
        if mark == "&" and before == "&" and depth == 0:
            parts.append(text[start : found.start() - 1])
            start = found.end()
        before = mark
    return [part for one in (*parts, text[start:]) if (part := one.strip())]


def _look(rule: Rule, event: Raised, about: Mapping[str, object]) -> Consideration:
    runbook, inputs = rule.runbook, Inputs(about)
    if rule.when.verdict(inputs) is True:
        said = message("runbook.matched")
        return Consideration("runbook", runbook.id, event.time, "matched", said)
    for part in parts_of(runbook.when):
        verdict = condition(part).verdict(inputs)
        if verdict is True:
            continue
        values = dict(_values(part, about))
        if isinstance(verdict, Undecided):
            said = message("runbook.undecided", part=part, why=verdict.reason)
            return Consideration("runbook", runbook.id, event.time, "undecided", said, values)
        said = message("runbook.condition-false", part=part)
        return Consideration("runbook", runbook.id, event.time, "condition-false", said, values)
    said = message("runbook.condition-false", part=runbook.when)
    values = dict(_values(runbook.when, about))
    return Consideration("runbook", runbook.id, event.time, "condition-false", said, values)


def _values(part: str, about: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The attributes that a part asks for, as the event has them; what it has not is said."""
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
