"""A client that costs next to nothing: plain sockets and keep-alive.

A real client library is slower than the server, and would be measured in its place.
"""

import asyncio
import json
from collections.abc import Mapping


class Poster:
    """One connection to intake; one ticket at a time."""

    def __init__(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._port, self._reader, self._writer = port, reader, writer

    @classmethod
    async def connect(cls, port: int) -> "Poster":
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    @property
    def is_ended(self) -> bool:
        """The server ended the connection, as it does with idle ones."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def again(self) -> "Poster":
        """A new connection in place of one that is ended."""
        self.close()
        return await self.connect(self._port)

    async def post(self, ticket: Mapping[str, str], key: str, user: str = "bench") -> bytes:
        """The answer's body; `SystemExit` if intake does not take it."""
        body = json.dumps(ticket).encode()
        head = (
            "POST /v1/tickets HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
            f'X-Desk-User: {user}\r\nX-Desk-Roles: employee\r\nIdempotency-Key: "{key}"\r\n'
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 201"):
            raise SystemExit(f"a ticket was refused: {answer!r}")
        length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return await self._reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
