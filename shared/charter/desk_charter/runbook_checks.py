"""The cross checks of runbooks; what their CEL means is checked by automation."""

import re
from collections import Counter
from collections.abc import Iterator

from desk_charter.addresses import address_problem
from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.request_model import SECRET, SECRET_NAME, Request
from desk_charter.runbook_brakes import MODES, Mode
from desk_charter.runbooks import ActStep, ProbeStep, Runbook
from desk_charter.sections import Form, Section
from desk_charter.sentences import close_to, one_of

PARAMETERS = frozenset({"target", "subject", "event", "data", "run", "key", "act", "steps"})
_PARAMETER = re.compile(r"\$\{([^}]*)\}")


def runbooks_are_sound(draft: Draft) -> Iterator[Problem]:
    """Owners exist, what acts by itself verifies itself, nothing destructive runs unasked."""
    for runbook in draft.of(RUNBOOKS, ()):
        where = ("runbooks", runbook.id)
        yield from draft.unknown("teams", runbook.owner_team, *where, "owner_team")
        if runbook.escalate.team is not None:
            yield from draft.unknown("teams", runbook.escalate.team, *where, "escalate", "team")
        if runbook.approval.team is not None:
            yield from draft.unknown("teams", runbook.approval.team, *where, "approval", "team")
        if runbook.mode == "auto" and runbook.verify is None:
            sentence = (
                "mode auto needs 'verify', or nobody knows if it helped; add it or use approve"
            )
            yield Problem.at(*where, "mode", sentence=sentence)
        if runbook.mode == "auto" and runbook.risk == "destructive":
            sentence = "a destructive runbook never runs unasked; write 'mode: approve'"
            yield Problem.at(*where, "mode", sentence=sentence)
        if runbook.promotion is not None:
            sentence = _promotion_problem(runbook, runbook.promotion.ceiling)
            if sentence:
                yield Problem.at(*where, "promotion", "ceiling", sentence=sentence)


def _promotion_problem(runbook: Runbook, ceiling: Mode) -> str:
    """What is wrong with the highest mode; empty if nothing is."""
    if MODES.index(ceiling) <= MODES.index(runbook.mode):
        return f"'{ceiling}' is not above the mode '{runbook.mode}'; write a higher mode"
    if ceiling in {"approve", "auto"} and runbook.verify is None:
        return "a promotion needs verified cures; add 'verify', or write 'ceiling: suggest'"
    if ceiling == "auto" and runbook.risk == "destructive":
        return "a destructive runbook never runs unasked; write 'ceiling: approve'"
    return ""


def steps_are_sound(draft: Draft) -> Iterator[Problem]:
    """Step ids are unique, and every ${parameter} begins with something that exists."""
    for runbook in draft.of(RUNBOOKS, ()):
        where = ("runbooks", runbook.id)
        ids = Counter(step.id for step in (*runbook.guards, *runbook.steps))
        for step_id, count in ids.items():
            if count > 1:
                sentence = f"step id '{step_id}' is written {count} times; give each step its own"
                yield Problem.at(*where, "steps", step_id, sentence=sentence)
        yield from _effects(runbook)
        for place, text in _templates(runbook):
            if SECRET.search(text):
                yield from _secrets(text, *where, *place)
                continue
            yield from _unknown_parameters(text, *where, *place)
            problem = address_problem(text) if place[-1] == "url" else None
            if problem is not None:
                yield Problem.at(*where, *place, sentence=problem)


def _templates(runbook: Runbook) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("escalate", "title"), runbook.escalate.title
    for section, steps in (("guards", runbook.guards), ("steps", runbook.steps)):
        for step in steps:
            if not isinstance(step, ActStep | ProbeStep):
                continue
            yield from _request_texts(step.request, (section, step.id, "request"))
            if isinstance(step, ActStep) and step.undo is not None:
                yield from _request_texts(step.undo.request, (section, step.id, "undo", "request"))
                if step.undo.confirm is not None:
                    within = (section, step.id, "undo", "confirm", "request")
                    yield from _request_texts(step.undo.confirm.request, within)
            if isinstance(step, ActStep) and step.confirm is not None:
                place = (section, step.id, "confirm", "request")
                yield from _request_texts(step.confirm.request, place)


def _request_texts(
    request: Request, where: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for place, text in request.texts():
        yield (*where, *place), text


def _effects(runbook: Runbook) -> Iterator[Problem]:
    """No step claims more than its executor can keep with what it is asked."""
    for step in runbook.steps:
        if not isinstance(step, ActStep):
            continue
        acts = [((step.id,), step), ((step.id, "undo"), step.undo)]
        for place, act in acts:
            if act is None or act.effect in act.request.effects:
                continue
            kept = one_of(sorted(act.request.effects))
            sentence = f"{act.executor} cannot keep 'effect: {act.effect}' here; write {kept}"
            if act.effect == "keyed" and act.request.has_exit_code:
                sentence += ", or hand ${key} to a command that remembers it"
            yield Problem.at("runbooks", runbook.id, "steps", *place, "effect", sentence=sentence)


def _secrets(text: str, *where: str | int) -> Iterator[Problem]:
    """A secret stands in a header without anything that an event says beside it."""
    if "headers" not in where:
        sentence = "a secret stands in a header only; everywhere else it would be kept and shown"
        yield Problem.at(*where, sentence=sentence)
        return
    for name in SECRET.findall(text):
        if not SECRET_NAME.fullmatch(name):
            sentence = f"'{name}' is no name of a secret; write small letters, digits and hyphens"
            yield Problem.at(*where, sentence=sentence)
    if "${" in SECRET.sub("", text):
        sentence = "a header with a secret has no other parameter; give that a header of its own"
        yield Problem.at(*where, sentence=sentence)


def _unknown_parameters(text: str, *where: str | int) -> Iterator[Problem]:
    for parameter in _PARAMETER.findall(text):
        root = parameter.strip().partition(".")[0]
        if root not in PARAMETERS:
            allowed = one_of(sorted(PARAMETERS))
            sentence = f"${{{parameter}}} is not known{close_to(root, PARAMETERS)}"
            yield Problem.at(*where, sentence=f"{sentence}; a parameter begins with {allowed}")


RUNBOOKS: Section[tuple[Runbook, ...]] = Section(
    "runbooks",
    Runbook,
    form=Form.FOLDER,
    is_optional=True,
    checks=(runbooks_are_sound, steps_are_sound),
    count_by="mode",
)
