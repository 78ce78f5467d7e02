"""What is wrong with one field of a request, in the caller's language.

The catalogue has pydantic's kinds of errors under their own names (`field.string-too-short`); a
kind that it does not have is told in pydantic's words.
https://docs.pydantic.dev/latest/errors/validation_errors/
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, Param, message, plain

from desk_platform.http.language import sentence, spoken_catalogue

_CHOICE = re.compile("'([^']*)'")


Where = Literal["body", "query", "path", "header", "cookie"]
_PARTS: tuple[Where, ...] = get_args(Where)


class FieldProblem(Frozen):
    """One thing wrong in a request."""

    where: Where
    """Which part of the request: body, query, path, header or cookie."""
    pointer: str
    """Where in that part, as a JSON pointer (RFC 6901): `/attributes/colour`, or for a parameter
    of the query `/limit`. Empty: the part as a whole."""
    detail: str
    """What is wrong, as a sentence."""


def field_problem(error: Mapping[str, object], body: object = None) -> FieldProblem:
    """One of pydantic's errors as callers read it; `body` is what was sent."""
    loc = error["loc"]
    where, *rest = loc if isinstance(loc, tuple) and loc else ("body",)
    if where not in _PARTS:
        where, rest = "body", [where, *rest]
    if where == "body":
        rest = _parts_sent(rest, body, is_missing=error["type"] == "missing")
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    # FastAPI hands on as bytes what did not come as JSON, whatever is in it.
    is_other = where == "body" and isinstance(body, bytes) and error["type"] != "missing"
    detail = sentence(message("field.no-json")) if is_other else _detail(error)
    return FieldProblem(where=where, pointer=pointer, detail=detail)


def _parts_sent(parts: Sequence[object], body: object, *, is_missing: bool) -> list[object]:
    """The way to a value that was sent, or to the one that is missing.

    pydantic also names what is in no body: which form of several it tried, and "the key".
    """
    way: list[object] = []
    for number, part in enumerate(parts):
        match body, part:
            case dict(), _ if part in body:
                body = body[part]
            case list(), int() if part in range(len(body)):
                body = body[part]
            case dict(), _ if is_missing and number == len(parts) - 1:
                pass
            case _:
                continue
        way.append(part)
    return way


def _detail(error: Mapping[str, object]) -> str:
    """Never repeats what was sent: it may be a secret, or markup."""
    context = error.get("ctx")
    context = context if isinstance(context, dict) else {}
    cause = context.get("error")
    # A validator of the desk raises `ValueError(message(...))`.
    if isinstance(cause, ValueError) and cause.args and isinstance(cause.args[0], Message):
        return sentence(cause.args[0])
    loc = error["loc"]
    params: dict[str, Param] = {
        name: value for name, value in context.items() if isinstance(value, str | int | float)
    }
    params["at"] = loc[-1] if isinstance(loc, tuple) and loc else 0
    params["expected"] = _CHOICE.findall(str(context.get("expected", "")))
    code = f"field.{str(error['type']).replace('_', '-')}"
    if spoken_catalogue().template(code) is not None:
        return sentence(Message(code=code, params=plain(params)))
    text = str(error["msg"]).removeprefix("Value error, ").removesuffix(".")
    return f"{text[:1].upper()}{text[1:]}."
