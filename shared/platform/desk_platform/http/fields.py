"""What is wrong with one field of a request, in the caller's language.

The catalogue has pydantic's kinds of errors under their own names (`field.string-too-short`); a
kind that it does not have is told in pydantic's words.
https://docs.pydantic.dev/latest/errors/validation_errors/
"""

import re
from collections.abc import Mapping

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, Param, plain

from desk_platform.http.language import sentence, spoken_catalogue

_CHOICE = re.compile("'([^']*)'")


class FieldProblem(Frozen):
    """One thing wrong in a request."""

    pointer: str
    """Where: JSON pointer into the body, or `query/limit`, `header/if-match`, `path/id`."""
    detail: str
    """What is wrong, as a sentence."""


def field_problem(error: Mapping[str, object]) -> FieldProblem:
    """One of pydantic's errors as callers read it."""
    loc = error["loc"]
    where, *rest = loc if isinstance(loc, tuple) and loc else ("body",)
    path = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    pointer = path if where == "body" else f"{where}{path or '/'}"
    return FieldProblem(pointer=pointer, detail=_detail(error))


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
