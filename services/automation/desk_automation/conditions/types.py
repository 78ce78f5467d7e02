"""Type errors of a condition, before anybody waits for it to hold. Pure.

CEL knows no schema here, so every smallest yes-or-no part is asked about one sample in which all
that the schema declares is there, of its type. Only a wrong type is a problem: a sample says
nothing about values.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from itertools import pairwise
from typing import Annotated, Union, get_args, get_origin

from desk_contracts import Payload
from pydantic import BaseModel

from desk_automation.conditions.expression import (
    TOKEN,
    BadCondition,
    Condition,
    Inputs,
    Undecided,
    paths_in,
    problems_in,
)

# What the library says where a type does not fit; anything else it says is about values.
_WRONG_TYPE = ("No such overload", "Unsupported operation", "Unexpected type", "Undefined")
_NOT_A_VERDICT = "it is neither true nor false"
_DEEPEST = 6
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_EQUALITY = ("=", "!")
# Reads as a number too, since int("1") and double("1") do.
_TEXT, _MOMENT = "1", "2026-01-01T00:00:00Z"

Shapes = Mapping[str, object]
# What a name in a condition stands for: a payload, a set of fields, or anything (None).
Names = Mapping[str, type[Payload] | frozenset[str] | None]
Token = tuple[str, str, int, int]


def make_sample(shape: object, names: Sequence[str], depth: int = 0) -> object:
    """A value of a declared type, as JSON has it; None where anything may be inside. `names` are
    the keys that a map of any keys has."""
    origin = get_origin(shape)
    if origin is Annotated:
        return make_sample(get_args(shape)[0], names, depth)
    if depth > _DEEPEST:
        return None
    if origin in {Union, types.UnionType}:
        kinds = [kind for kind in get_args(shape) if kind is not types.NoneType]
        return make_sample(kinds[0], names, depth) if len(kinds) == 1 else None
    if origin in {tuple, list, frozenset, set}:
        inner = make_sample(get_args(shape)[0], names, depth + 1)
        return [] if inner is None else [inner]
    if origin is dict:
        inner = make_sample(get_args(shape)[1], names, depth + 1)
        return {} if inner is None else dict.fromkeys(names, inner)
    return _make_plain(shape, names, depth)


def _make_plain(shape: object, names: Sequence[str], depth: int) -> object:
    if not isinstance(shape, type):
        return None
    if issubclass(shape, BaseModel):
        fields = shape.model_fields.items()
        made = {name: make_sample(field.annotation, names, depth + 1) for name, field in fields}
        return {name: value for name, value in made.items() if value is not None}
    if issubclass(shape, Enum):
        return next(iter(shape)).value
    plain: dict[type, object] = {bool: True, int: 1, float: 1.0, str: _TEXT}
    if issubclass(shape, datetime | date):
        return _MOMENT
    return plain.get(shape)


def find_wrong(text: str, names: Names, shapes: Shapes) -> list[str]:
    """What stands in the way of ever deciding it: names first, then types."""
    return problems_in(text, names) or type_problems(text, shapes)


def type_problems(text: str, shapes: Shapes) -> list[str]:
    """What can never be decided since types do not fit, as sentences that quote the part.

    A shape is a model or a plain type, or a set of names that are all texts; of a name that is
    left out anything may be in it.
    """
    names = sorted({part for path in paths_in(text) for part in path})
    sample: dict[str, object] = {}
    for name, shape in shapes.items():
        if isinstance(shape, frozenset):
            sample[name] = dict.fromkeys(shape, _TEXT)
        elif (made := make_sample(shape, names)) is not None:
            sample[name] = made
    inputs = Inputs(sample)
    problems = (_problem(part, inputs) for part in _smallest_parts(text))
    return list(dict.fromkeys(problem for problem in problems if problem))


def _problem(part: str, inputs: Inputs) -> str | None:
    for form in (part, *_compare_by_order(part)):
        try:
            verdict = Condition(form).verdict(inputs)
        except BadCondition:  # it is no part, only cut like one
            continue
        if not isinstance(verdict, Undecided):
            continue
        if verdict.reason == _NOT_A_VERDICT:
            return f"'{part}' is neither true nor false; compare it with something"
        if verdict.reason.startswith(_WRONG_TYPE):
            return (
                f"the types in '{part}' do not fit, so nobody could ever tell; compare like with"
                " like: int(…), double(…), string(…) and timestamp(…) convert"
            )
    return None


def _compare_by_order(part: str) -> Iterator[str]:
    """With '<' for each '==' or '!=' beside a text or a number that is written out: the equality
    of two types is just false, while their order is an error."""
    tokens = _tokens(part)
    for at in range(1, len(tokens) - 2):
        is_equality = tokens[at][1] in _EQUALITY and tokens[at + 1][1] == "="
        beside = {tokens[at - 1][0], tokens[at + 2][0]}
        if is_equality and beside & {"text", "number"}:
            yield f"{part[: tokens[at][2]]}<{part[tokens[at + 1][3] :]}"


def _smallest_parts(text: str) -> Iterator[str]:
    """The parts of which `&&`, `||`, `!`, brackets and `? :` make the whole."""
    tokens = _tokens(text)
    if not tokens:
        return
    cuts = [-1, *_cuts(tokens), len(tokens)]
    parts = [tokens[start + 1 : end] for start, end in pairwise(cuts)]
    parts = [part for part in parts if part]
    if len(parts) > 1:
        for part in parts:
            yield from _smallest_parts(_cover(text, part))
        return
    if tokens[0][1] == "!" and _is_bracketed(tokens[1:]):
        yield from _smallest_parts(_cover(text, tokens[1:]))
    elif _is_bracketed(tokens):
        yield from _smallest_parts(_cover(text, tokens[1:-1]))
    else:
        yield _cover(text, tokens)


def _cuts(tokens: Sequence[Token]) -> Iterator[int]:
    """Where `&&`, `||`, `?` and `:` stand outside of brackets; of a doubled mark both."""
    depth = 0
    for at, (kind, token, _, _) in enumerate(tokens):
        if kind != "mark":
            continue
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth == 0 and token in {"&", "|", "?", ":"}:
            yield at


def _is_bracketed(tokens: Sequence[Token]) -> bool:
    """Whether the first bracket closes at the very end."""
    if not tokens or tokens[0][1] != "(":
        return False
    depth = 0
    for at, (kind, token, _, _) in enumerate(tokens):
        depth += (token in _OPENING) - (token in _CLOSING) if kind == "mark" else 0
        if depth == 0:
            return at == len(tokens) - 1
    return False


def _cover(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0][2] : tokens[-1][3]] if tokens else ""


def _tokens(text: str) -> list[Token]:
    return [
        (token.lastgroup or "", token[0], *token.span())
        for token in TOKEN.finditer(text)
        if token.lastgroup != "comment"
    ]
