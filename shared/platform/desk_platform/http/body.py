"""Request bodies, read whole before anything is done with them, and bounded all together."""

import re
from dataclasses import dataclass

from desk_contracts.json_values import find_repeated_name
from desk_contracts.message import message
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from desk_platform.http.fields import FieldProblem
from desk_platform.http.json_shape import check_shape
from desk_platform.http.language import sentence
from desk_platform.http.refusals import Overloaded, RepeatedName, TooLarge, UnsupportedMediaType

_EVENTS = "application/cloudevents"
# What slow callers may make us hold at once, beside the connections themselves.
MAX_HELD = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Uploads:
    """Addresses whose body is a file: it may be larger, and is no JSON."""

    path: re.Pattern[str]
    limit: int


class Bodies:
    """The bodies of all calls that are being read or answered."""

    def __init__(self, limit: int, most: int = MAX_HELD, uploads: Uploads | None = None) -> None:
        self.limit, self.uploads = limit, uploads
        self.most = most
        self.held = 0
        """Bytes of all of them together."""

    def hold(self) -> "Body":
        """The place of one call's body; to be left when the call ends."""
        return Body(self)


class Body:
    """The body of one call. It counts as held until the call ends or drops it."""

    __slots__ = ("_bodies", "_size", "_whole")

    def __init__(self, bodies: Bodies) -> None:
        self._bodies, self._size = bodies, 0
        self._whole: Message | None = None

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Nobody needs it any more."""
        self._bodies.held -= self._size
        self._size, self._whole = 0, None

    async def read(
        self, receive: Receive, length: int | None, path: str = "", kind: str = ""
    ) -> Receive:
        """A `receive` with the whole body of that content type.

        `TooLarge`, `RepeatedName`, `Overloaded` or `ClientDisconnect`.
        """
        uploads = self._bodies.uploads
        is_file = uploads is not None and uploads.path.fullmatch(path) is not None
        limit = uploads.limit if uploads is not None and is_file else self._bodies.limit
        if length is not None and length > limit:
            raise _too_large(limit)
        parts: list[bytes] = []
        while True:
            came = await receive()
            if came["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(came.get("body", b""))
            self._count(len(parts[-1]), limit)
            if not came.get("more_body"):
                break
        content = b"".join(parts)
        if not is_file:
            check_shape(content)
            # Of several events each is judged for itself, and so are its names.
            if not kind.startswith(_EVENTS):
                refuse_repeated(content)
        self._whole = {"type": "http.request", "body": content, "more_body": False}

        async def read_once() -> Message:
            """The body first; after it whatever comes, which is that the caller hung up."""
            whole, self._whole = self._whole, None
            return await receive() if whole is None else whole

        return read_once

    def _count(self, size: int, limit: int) -> None:
        self._size += size
        self._bodies.held += size
        if self._size > limit:
            raise _too_large(limit)
        if size and self._bodies.held > self._bodies.most:
            raise Overloaded(message("request.busy"))


def refuse_repeated(content: bytes) -> None:
    """`RepeatedName` for JSON of which nobody can say what it means."""
    pointer = find_repeated_name(content)
    if pointer is not None:
        why = message("field.repeated-name")
        wrong = FieldProblem(where="body", pointer=pointer, detail=sentence(why))
        raise RepeatedName(message("request.repeated-name"), errors=[wrong.model_dump()])


def refuse_encoded(method: str, encoding: str) -> None:
    """`UnsupportedMediaType` for a body that would be misread: as JSON, or kept as another file."""
    given = encoding.strip().lower()
    if given not in ("", "identity") and method not in ("GET", "HEAD"):
        raise UnsupportedMediaType(message("request.encoded", encoding=given[:40]))


def _too_large(limit: int) -> TooLarge:
    return TooLarge(message("request.body-too-large", most=limit))
