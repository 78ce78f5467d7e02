"""What a condition may cost: bounded when the charter is loaded, so that none holds up the service.

Evaluation runs on the event loop and cannot be stopped in the middle. The library copies lists as
it goes through them and compiles a pattern each time, so loops in loops, patterns in loops and
large counts are what takes seconds; all else is a matter of microseconds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LOOPS = frozenset({"all", "exists", "exists_one", "map", "filter"})
# Measured on one core: the worst that is accepted takes 0.4 s, what people write microseconds.
MAX_LOOPS = 2
MAX_IN_LOOP = 60
MAX_SUMS = 4
MAX_ITEMS = 100
MAX_PATTERNS = 4
MAX_PATTERN = 200
MAX_COUNT = 50
# Of the values that a condition with a loop looks at.
MAX_VALUES = 300
MAX_TEXT = 16 * 1024
_COUNTED = re.compile(r"\{(\d+)?,?(\d+)?\}")
_MARKS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, text, number or mark of an expression."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Loop:
    """The part of an expression that is done for each item of a list."""

    start: int
    end: int


def loops_in(tokens: Sequence[Token]) -> list[Loop]:
    """Every `all(…)`, `exists(…)`, `map(…)` and the like."""
    return [
        Loop(at + 1, _end(tokens, at + 1))
        for at, token in enumerate(tokens[:-1])
        if token.text in LOOPS and token.kind == "name" and tokens[at + 1].text == "("
    ]


def cost_problem(tokens: Sequence[Token]) -> str | None:
    """Why this could take too long, as a sentence; None if it cannot."""
    loops = loops_in(tokens)
    return _pattern_problem(tokens, loops) or (_loop_problem(tokens, loops) if loops else None)


def size_problem(values: object) -> str | None:
    """Why a condition with a loop is not asked about these values; None if it may be."""
    count, size, waiting = 0, 0, [values]
    while waiting:
        value = waiting.pop()
        count += 1
        size += len(value) if isinstance(value, str) else 0
        if count > MAX_VALUES or size > MAX_TEXT:
            return f"there is too much to go through: {MAX_VALUES} values, {MAX_TEXT} letters"
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
    return None


def _loop_problem(tokens: Sequence[Token], loops: Sequence[Loop]) -> str | None:
    if any(tokens[loop.start - 1].text == "map" for loop in loops):
        return "'map' copies its list for each item, and says neither yes nor no; write exists"
    if any(outer.start < inner.start <= outer.end for outer in loops for inner in loops):
        return "one of all, exists, filter stands in another; that takes too long"
    if len(loops) > MAX_LOOPS:
        return f"all, exists and filter may stand {MAX_LOOPS} times in it"
    if any(loop.end - loop.start > MAX_IN_LOOP for loop in loops):
        return f"what is asked of each item is longer than {MAX_IN_LOOP} words and marks"
    marks = [token.text for token in tokens if token.kind == "mark"]
    if marks.count("+") > MAX_SUMS or marks.count(",") > MAX_ITEMS:
        return f"with all, exists or filter, {MAX_SUMS} sums and {MAX_ITEMS} commas are read"
    return None


def _pattern_problem(tokens: Sequence[Token], loops: Sequence[Loop]) -> str | None:
    places = [
        at for at, token in enumerate(tokens) if (token.kind, token.text) == ("name", "matches")
    ]
    if len(places) > MAX_PATTERNS:
        return f"'matches' may stand {MAX_PATTERNS} times in it"
    for at in places:
        if any(loop.start < at <= loop.end for loop in loops):
            return "'matches' for each item takes too long; use startsWith, endsWith or contains"
        call = tokens[at + 1 : at + 4]
        if [item.text for item in call[::2]] != ["(", ")"] or call[1].kind != "text":
            return "the pattern of 'matches' is written as a text in quotes"
        if (problem := _costly(call[1].text)) is not None:
            return problem
    return None


def _costly(pattern: str) -> str | None:
    if len(pattern) > MAX_PATTERN:
        return f"the pattern of 'matches' is longer than {MAX_PATTERN} letters"
    product = 1
    for low, high in _COUNTED.findall(pattern):
        product *= max(int(low or 1), int(high or 1), 1)
    if product > MAX_COUNT:
        return f"the pattern of 'matches' repeats more than {MAX_COUNT} times in all"
    return None


def _end(tokens: Sequence[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(tokens)):
        depth += _MARKS.get(tokens[at].text, 0) if tokens[at].kind == "mark" else 0
        if depth == 0:
            return at
    return len(tokens)
