"""The catalogues against the code: every message that is said has every language, and no other."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple, get_args

import pytest
from desk_contracts.events.automation import StepStatus
from desk_contracts.events.changes import ChangeKind
from desk_contracts.events.reports import Answer, AnswerOutcome, GoalVerdict, Proposal
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import Channel, State, WaitingFor
from desk_contracts.message import WRITTEN
from desk_contracts.messages import LANGUAGES, Language
from desk_contracts.messages.catalogue import entries
from desk_contracts.messages.formats import Formats
from desk_contracts.value_types import Level, Severity
from desk_metrics.history.months import TrendDirection
from desk_notify.rendering.templates import Rule
from jinja2 import Environment, nodes
from pydantic_core.core_schema import ErrorType

ROOT = Path(__file__).parents[3]
# Words for a closed set of choices: each choice has one, in every language.
WORDS: dict[str, type[StrEnum] | tuple[str, ...]] = {
    "state": State,
    "waiting-for": WaitingFor,
    "waiting-for-come": (WaitingFor.VENDOR, WaitingFor.APPROVAL),
    "channel": Channel,
    "clock": ClockName,
    "step-status": StepStatus,
    "journal-status": StepStatus,
    "level": Level,
    "impact": Level,
    "urgency": Level,
    "change-kind": ChangeKind,
    "answer": Answer,
    "sla-clock": ClockName,
    "severity": Severity,
    "proposed-action": Proposal,
    "outcome": AnswerOutcome,
    "goal-verdict": GoalVerdict,
    "escalation": ("yes",),
    "weekday": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "grain": ("day", "week"),
    "handed-on": ("0", "1", "2", "3+"),
    "trend-direction": TrendDirection,
    "trend-figure": ("tickets", "median_hours_to_resolve", "handed_on_share", "broken_share"),
    "lifecycle": ("planned", "live", "retiring", "retired"),
    "who": ("desk",),
    "field": ("title", "description", "service", "device", "impact", "urgency", "priority"),
    "action": (
        "started", "paused", "resumed", "changed", "assigned", "merged", "answered", "resolved",
        "confirmed", "reopened", "closed", "split", "linked", "watched", "joined",
        "attached",
    ),
}  # fmt: skip


# What notify sends is filled in line by line; its own tests hold the languages together.
MAILS = {f"mail.{rule}.{part}" for rule in Rule for part in ("title", "body")}
# What is wrong with a field is told by pydantic's name for it.
FIELDS = {f"field.{kind.replace('_', '-')}" for kind in get_args(ErrorType)}


class Usage(NamedTuple):
    """One place in the code that says something."""

    code: str
    params: frozenset[str]
    has_more: bool
    place: str


@cache
def usages() -> tuple[Usage, ...]:
    """All of them, looked for where the tests run and not where they are collected."""
    return tuple(_usages())


def _usages() -> Iterator[Usage]:
    for path in sorted(
        (
            *ROOT.glob("services/*/desk_*/**/*.py"),
            *ROOT.glob("shared/**/*.py"),
            *ROOT.glob("agent/desk_agent/**/*.py"),
        )
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "message":
                yield from _usages_in(node, f"{path.relative_to(ROOT)}:{node.lineno}")

    for path in sorted(ROOT.glob("services/*/desk_*/**/templates/*")):
        yield from _usages_of_page(path)


def _usages_of_page(path: Path) -> Iterator[Usage]:
    """A page says it by `message` too, with a literal or one of two."""
    for call in (
        Environment(autoescape=True).parse(path.read_text(encoding="utf-8")).find_all(nodes.Call)
    ):
        if not (isinstance(call.node, nodes.Name) and call.node.name == "message"):
            continue
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        names = frozenset(keyword.key for keyword in call.kwargs)
        [code] = call.args
        chosen = (code.expr1, code.expr2) if isinstance(code, nodes.CondExpr) else (code,)
        for item in chosen:
            assert isinstance(item, nodes.Const), f"{place}: a code is a literal"
            yield Usage(str(item.value), names, has_more=False, place=place)


def _usages_in(call: ast.Call, place: str) -> Iterator[Usage]:
    """A code may be chosen between two literals."""
    [code] = call.args
    chosen = (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,)
    names = frozenset(keyword.arg for keyword in call.keywords if keyword.arg is not None)
    has_more = any(keyword.arg is None for keyword in call.keywords)
    for item in chosen:
        assert isinstance(item, ast.Constant), f"{place}: a code is a literal, so that it is found"
        yield Usage(str(item.value), names, has_more, place)


TEXTS: dict[Language, dict[str, tuple[str, ...]]] = {
    language: {
        (entry.id if isinstance(entry.id, str) else entry.id[0]): (
            (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
        )
        for entry in entries(language)
        if entry.id
    }
    for language in LANGUAGES
}


def placeholders(text: str) -> dict[str, str]:
    return {name: spec or "" for _, name, spec, _ in Formatter().parse(text) if name is not None}


def words() -> Iterator[str]:
    for domain, choices in WORDS.items():
        for choice in choices:
            yield f"{domain}.{str(choice).lower().replace('_', '-')}"


def test_something_is_said() -> None:
    assert len(usages()) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_every_language(language: Language) -> None:
    texts = TEXTS[language]
    missing = [f"{item.place}: {item.code}" for item in usages() if item.code not in texts]
    assert missing == []
    assert sorted(set(words()) - texts.keys()) == []
    assert all(all(forms) for forms in texts.values()), "a text is empty"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stands_in_a_catalogue_that_nobody_says(language: Language) -> None:
    used = {item.code for item in usages()} | set(words()) | MAILS | FIELDS | {WRITTEN}
    assert sorted(TEXTS[language].keys() - used) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_parameter_is_used_and_none_is_missing(language: Language) -> None:
    wrong = list[str]()
    for item in usages():
        named = set[str]().union(*map(placeholders, TEXTS[language].get(item.code, ())))
        unused, unknown = item.params - named - {"count"}, named - item.params
        if unused or (unknown and not item.has_more):
            wrong.append(
                f"{item.place}: {item.code} says {sorted(item.params)}, not {sorted(named)}"
            )
    assert wrong == []


def test_languages_say_the_same_things() -> None:
    """The same facts, and plural forms where the other language has them."""
    english, german = TEXTS["en"], TEXTS["de"]
    differing = [
        code
        for code, texts in english.items()
        if set(placeholders(texts[-1])) != set(placeholders(german[code][-1]))
        or len(texts) != len(german[code])
    ]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_placeholder_is_of_a_known_kind(language: Language) -> None:
    """A moment, a list, or a word of a set that has words."""
    unknown = [
        f"{code}: {spec}"
        for code, texts in TEXTS[language].items()
        for text in texts
        for spec in placeholders(text).values()
        if any(part not in Formats.KINDS | WORDS.keys() for part in spec.split())
    ]
    assert unknown == []
