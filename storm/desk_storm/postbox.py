"""A mail server that takes messages, refuses them, or breaks the line, and its book."""

import asyncio
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desk_storm.books import Mail

_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.IGNORECASE | re.MULTILINE)
# Shares of messages: taken but the answer lost, lost before it was whole, refused for now.
_LOST_ANSWER, _LOST_MESSAGE, _REFUSED = 0.05, 0.05, 0.05


@dataclass
class Postbox:
    """SMTP as far as a sender needs it; `mails` is its own book, `open` counts dialogues."""

    chance: random.Random
    mails: list[Mail] = field(default_factory=list)
    open: int = 0
    port: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=32 * 1024 * 1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """No more mail."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # a sender that was killed; what it had not ended is no message
        finally:
            self.open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 storm\r\n")
        recipient = ""
        while line := (await reader.readline()).decode().strip():
            verb = line.upper()
            if verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                message = await reader.readuntil(b"\r\n.\r\n")
                if not self._take(message, recipient, writer):
                    return
                continue
            if verb.startswith("RCPT"):
                recipient = line.split("<")[1].split(">")[0]
            writer.write(b"250 ok\r\n")

    def _take(self, message: bytes, recipient: str, writer: asyncio.StreamWriter) -> bool:
        """Write one message into the book and answer; whether the dialogue goes on."""
        found = _ID.search(message)
        name = found[1].decode() if found else ""
        luck, at = self.chance.random(), datetime.now(UTC)
        if luck < _LOST_ANSWER + _LOST_MESSAGE:
            self.mails.append(Mail(at, name, recipient, luck < _LOST_ANSWER, "broke the line"))
            return False
        if luck < _LOST_ANSWER + _LOST_MESSAGE + _REFUSED:
            self.mails.append(Mail(at, name, recipient, False, "451"))
            writer.write(b"451 later\r\n")
            return True
        self.mails.append(Mail(at, name, recipient, True, "250"))
        writer.write(b"250 taken\r\n")
        return True
