"""Request bodies, read whole before anything is done with them, and bounded all together."""

import re
from dataclasses import dataclass

from desk_contracts.message import message
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from desk_platform.http.json_shape import check_shape
from desk_platform.http.refusals import Overloaded, TooLarge

# What slow callers may make us hold at once, beside the connections themselves.
MAX_HELD = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Uploads:
    """Addresses whose body is a file: it may be larger, and is no JSON."""

    path: re.Pattern[str]
    limit: int


class Bodies:
    """The bodies that are being read."""

    def __init__(self, limit: int, most: int = MAX_HELD, uploads: Uploads | None = None) -> None:
        self._limit, self._uploads = limit, uploads
        self._most = most
        self._held = 0

    async def read(self, receive: Receive, length: int | None, path: str = "") -> Receive:
        """A `receive` with the whole body; `TooLarge`, `Overloaded` or `ClientDisconnect`."""
        uploads = self._uploads
        is_file = uploads is not None and uploads.path.fullmatch(path) is not None
        limit = uploads.limit if uploads is not None and is_file else self._limit
        if length is not None and length > limit:
            raise _too_large(limit)
        came = await self._message(receive)
        if came.get("more_body"):
            came = await self._rest(receive, came["body"], limit)
        elif len(came.get("body", b"")) > limit:
            raise _too_large(limit)
        if not is_file:
            check_shape(came.get("body", b""))
        return _once(came, receive)

    async def _rest(self, receive: Receive, first: bytes, limit: int) -> Message:
        parts, size = [first], len(first)
        self._held += size
        try:
            while True:
                if size > limit:
                    raise _too_large(limit)
                if self._held > self._most:
                    raise Overloaded(message("request.busy"))
                came = await self._message(receive)
                part = came.get("body", b"")
                parts.append(part)
                size += len(part)
                self._held += len(part)
                if not came.get("more_body"):
                    break
        finally:
            self._held -= size
        if size > limit:
            raise _too_large(limit)
        return {"type": "http.request", "body": b"".join(parts), "more_body": False}

    @staticmethod
    async def _message(receive: Receive) -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message


def _too_large(limit: int) -> TooLarge:
    return TooLarge(message("request.body-too-large", most=limit))


def _once(message: Message, receive: Receive) -> Receive:
    """The body first; after it whatever comes, which is that the caller hung up."""
    is_read = False

    async def read() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return message

    return read
