"""`vocabulary`: names are the field's words; a private word tells a stranger nothing.

The words of each line were used here once; what stands behind them says what is meant instead.
"""

import ast
import re
from collections.abc import Iterator

from scripts.checks.source import Finding, Source

NAME = "vocabulary"

_ROOTS = ("services", "shared", "tools", "agent", "bench", "demo", "storm", "tests", "scripts")
INSTEAD = (
    ("fold folds folding turn reacted", "reducer, projection, context, decision, work item"),
    ("ledger", "unit of work"),
    ("park parked parks heed heeds unheeded", "dead-letter, retry, buffered, unhandled"),
    ("lane lanes", "consumer group, partition, slot"),
    ("kit seams", "service builder, test hooks"),
    ("wake woken woke wakes", "on_timer, timer fired"),
    ("saying sayings telling teller", "transition, emit, emitter"),
    ("course courses journey walk stay stays rests", "lifecycle, history, path, interval"),
    ("cell cells sheet sheets posting postings cast", "rollup bucket, contribution"),
    ("reckoning keeping rejudging aiming ringing comparing", "query, sums, re-evaluation"),
    ("standing standings aim aims deed deeds objection", "status, goal, action, reopen request"),
    ("voices voice voiced sights spells spell", "survey response, detection, outage"),
    ("wishes wish", "demand"),
    ("correspondence postbox shelves workshop", "owner responses, collections, runner"),
    ("lessons lesson pupil taught tempered judged", "training example, trained, calibrated"),
    ("trial likely usual sureness", "evaluation, prediction, majority class, confidence"),
    ("guess guessing board noticeboard", "predict, context snapshot"),
    ("sighting holding", "report, hysteresis"),
    ("conclude concludes", "apply"),
    ("newsbearer nudged doubted", "notifier, re-scheduled, in doubt"),
    ("matter scene card news", "team topic, render context, team profile, update"),
    ("patience pace", "timeout, linger"),
    ("found known asked said told one", "the thing itself: ticket, record, policy"),
)
BANNED = {word: meant for words, meant in INSTEAD for word in words.split()}
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Words that are banned only as whole names: in others they are English.
_WHOLE = frozenset(["found", "known", "asked", "said", "one", "told"])
# A test's name is a sentence, and these are English in one.
_ENGLISH = frozenset(
    {
        *(
            "guess",
            "judged",
            "keeping",
            "known",
            "likely",
            "matter",
            "news",
            "rests",
            "said",
            "stay",
            "stays",
        ),
        *("saying", "telling", "told", "turn", "usual", "wake"),
    }
)


def check(source: Source) -> Iterator[Finding]:
    """Names that are given here: modules, classes, functions, parameters, variables, fields."""
    if source.path.parts[0] not in _ROOTS:
        return
    for line, name in ((1, source.path.stem), *_given(source.tree)):
        for word in _private(name):
            if name.startswith("test_") and word in _ENGLISH:
                continue
            yield source.finding(line, NAME, f"'{name}' says '{word}'; meant is {BANNED[word]}.")


def _private(name: str) -> list[str]:
    parts = [part.lower() for part in _PARTS.findall(name)]
    if len(parts) > 1:
        return [part for part in parts if part in BANNED and part not in _WHOLE]
    return [part for part in parts if part in BANNED]


def _given(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case _:
                pass
