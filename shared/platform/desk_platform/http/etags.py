"""No lost updates: ETags made of versions, `If-Match` on change, 304 where nothing is new."""

import re
from dataclasses import dataclass

from desk_contracts.errors import Conflict
from desk_contracts.message import message
from fastapi import Request
from starlette.responses import Response

from desk_platform.http.language import spoken_catalogue
from desk_platform.http.refusals import BadRequest, PreconditionRequired

_VERSION = re.compile(r"([0-9]+)(\.[0-9]+)?(-[a-z]+)?")
_TAGS = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')


def etag(version: int, beside: int = 0) -> str:
    """The strong ETag of a version: `"7"`, or `"7.3"` with what is shown beside it.

    Each language is a representation of its own (RFC 9110, section 8.8.3): `"7.3-de"`.
    """
    return f'"{_tag(version, beside)}"'


def _tag(version: int, beside: int) -> str:
    language = spoken_catalogue().language
    spoken = "" if language == "en" else f"-{language}"
    return f"{version}.{beside}{spoken}" if beside else f"{version}{spoken}"


@dataclass(frozen=True, slots=True)
class Precondition:
    """The versions a caller is ready to change; None stands for any (`*`).

    What was shown beside a version, and in which language, is nothing that the caller changes.
    """

    versions: frozenset[str] | None

    def check(self, version: int) -> None:
        """`Conflict` (412) when the thing has changed since the caller read it."""
        if self.versions is not None and str(version) not in self.versions:
            raise Conflict(message("request.changed-since"), current=etag(version))


async def precondition(request: Request) -> Precondition:
    """Dependency of every change; a weak tag never matches here."""
    if_match = request.headers.get("if-match")
    if if_match is None:
        raise PreconditionRequired(message("request.say-version"))
    if if_match.strip() == "*":
        return Precondition(None)
    tags = (tag for is_weak, tag in _read(if_match, "If-Match") if not is_weak)
    # The version alone; what is no tag of ours matches none.
    versions = (match[1] if (match := _VERSION.fullmatch(tag)) else tag for tag in tags)
    return Precondition(frozenset(versions))


async def optional_precondition(request: Request) -> Precondition | None:
    """Dependency of actions, which need no version: checked where the caller gives one."""
    return await precondition(request) if "if-match" in request.headers else None


def not_modified(request: Request, version: int, beside: int = 0) -> Response | None:
    """A 304 when the caller already has this version, and what is shown beside it, else None."""
    given = request.headers.get("if-none-match")
    if given is None:
        return None
    if given.strip() != "*" and all(
        tag != _tag(version, beside) for _, tag in _read(given, "If-None-Match")
    ):
        return None
    return Response(status_code=304, headers={"ETag": etag(version, beside)})


def _read(text: str, header: str) -> list[tuple[bool, str]]:
    tags, at = [], 0
    while at < len(text):
        match = _TAGS.match(text, at)
        if match is None:
            raise BadRequest(message("request.bad-etag", header=header), code="bad-etag")
        tags.append((match[1] is not None, match[2]))
        at = match.end()
    if not tags:
        raise BadRequest(message("request.bad-etag", header=header), code="bad-etag")
    return tags
