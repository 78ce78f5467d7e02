"""Every error as an RFC 9457 problem: a stable `type`, a sentence for people, fields for machines.

What the desk did not foresee is answered without any detail; the log has it.
"""

import json
import math
import re
from collections.abc import Mapping
from http import HTTPStatus

from desk_contracts.errors import DeskError, Transient
from desk_contracts.frozen import Described
from desk_contracts.message import message
from desk_contracts.mistakes import list_mistakes
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from desk_platform.http.fields import FieldProblem, field_problem
from desk_platform.http.language import sentence
from desk_platform.http.refusals import Unauthenticated
from desk_platform.telemetry import get_logger

MEDIA_TYPE = "application/problem+json"
# An answer is for people to read; a body of a hundred thousand wrong fields gets no longer one.
MAX_ERRORS = 50
_RESERVED = {"type", "title", "status", "detail", "instance", "code", "errors"}
# Codes of what Starlette and FastAPI raise themselves; others get the status' own phrase.
_CODES = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
# FastAPI says this of a body that is no text, or a number of more digits than are ever read.
_UNREADABLE = "There was an error parsing the body"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_MESSAGES = {
    404: message("request.no-such-address"),
    405: message("request.no-such-method"),
    413: message("request.too-large"),
}
_log = get_logger()


class Problem(Described):
    """The one shape of every error answer (RFC 9457)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    """Stable name of this kind of problem: `urn:desk:problem:<code>`."""
    title: str
    """The kind in a few words."""
    status: int
    """The HTTP status."""
    detail: str
    """What happened and what to do, as a sentence."""
    instance: str
    """The path that was asked."""
    code: str
    """The last part of `type`, for machines."""
    errors: list[FieldProblem] = Field(default=[])
    """What is wrong field by field, where the request broke its schema."""


def problem_members(status: int, code: str, detail: str, instance: str) -> dict[str, object]:
    """The standard members of every problem."""
    return {
        "type": f"urn:desk:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
    }


def problem(
    status: int,
    code: str,
    detail: str,
    instance: str,
    *,
    extra: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem answer; `extra` members never replace the standard ones."""
    body = problem_members(status, code, detail, instance)
    body.update({key: value for key, value in (extra or {}).items() if key not in body})
    plain = to_jsonable_python(body, fallback=str, inf_nan_mode="null")
    # Names that callers wrote are repeated, and may have half a character.
    content = json.dumps(plain, ensure_ascii=False).encode(errors="replace")
    return Response(content, status, headers=headers, media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Turns all errors of an application into problems."""
    app.add_exception_handler(DeskError, _answer_desk_error)
    app.add_exception_handler(RequestValidationError, _answer_broken_schema)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def refusal(error: DeskError, instance: str) -> Response:
    """The answer to a call that was refused before any route saw it."""
    return problem(
        error.status,
        error.kind,
        detail_of(error),
        instance,
        extra=error.fields,
        headers=_headers_of(error),
    )


def unforeseen_error(instance: str) -> Response:
    """The answer to a bug: nothing leaks."""
    return problem(500, "internal-error", sentence(message("request.unforeseen")), instance)


def detail_of(error: DeskError) -> str:
    """What the caller reads, in their language where the desk has it in that.

    What is away, and where, is the operators' business only: an error of ours without a sentence
    for callers names hosts, ports and classes, and the log has it.
    """
    if error.described is not None:
        return sentence(error.described)
    return sentence(message("request.unavailable")) if error.status >= 500 else error.message


async def _answer_desk_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, DeskError):
        raise error
    if error.status >= 500 and not isinstance(error, Transient):
        _log.error("request_failed", code=error.kind, exc_info=error)
        return unforeseen_error(request.url.path)
    if isinstance(error, Transient):
        _log.warning("request_refused", code=error.kind, reason=error.message)
        extra: dict[str, object] = {}
    else:
        extra = {key: value for key, value in error.fields.items() if key not in _RESERVED}
    return problem(
        error.status,
        error.kind,
        detail_of(error),
        request.url.path,
        extra=extra,
        headers=_headers_of(error),
    )


def _headers_of(error: DeskError) -> dict[str, str]:
    if isinstance(error, Transient):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    if status in (204, 304) or status < 200:
        return Response(status_code=status, headers=error.headers)
    phrase = _PHRASES.get(status, "Error")
    code = _CODES.get(status, re.sub(r"[^a-z]+", "-", phrase.lower().replace("'", "")))
    detail = str(error.detail)
    if detail == _UNREADABLE:
        code, detail = "bad-json", sentence(message("request.unreadable"))
    if detail == phrase or status == 413:
        detail = sentence(_MESSAGES[status]) if status in _MESSAGES else f"{phrase}."
    headers = _methods_of(request) if status == 405 else error.headers
    return problem(status, code, detail, request.url.path, headers=headers)


def _methods_of(request: Request) -> dict[str, str]:
    """What the address takes: Starlette names the methods of its first route and of no other."""
    matched = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    # `/tickets/check` is no ticket, though it would fit there.
    of_address = (route.methods or set() for route in matched if route.path == matched[0].path)
    return {"Allow": ", ".join(sorted(set().union(*of_address)))}


async def _answer_broken_schema(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = list_mistakes(error.errors())
    problems = [field_problem(mistake, error.body) for mistake in wrong[:MAX_ERRORS]]
    detail = sentence(message("request.wrong-fields", count=len(wrong)))
    extra = {"errors": [problem.model_dump() for problem in problems]}
    return problem(422, "invalid-request", detail, request.url.path, extra=extra)
