"""A mail server that takes messages, refuses them, or breaks the line, and its book."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from desk_storm.books import Mail
from desk_storm.streams import stream

_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.IGNORECASE | re.MULTILINE)
_HEADER_END, _MESSAGE_END = b"\r\n\r\n", b"\r\n.\r\n"
# A tarpit answers a byte at a time, but sooner than a sender loses its patience.
_DRIPS_SECONDS = 0.15
_LEFT = "was left before the answer was over"


class Treatment(StrEnum):
    """What becomes of a message."""

    TAKEN = "250"
    TAKEN_SLOWLY = "250 byte by byte"
    LOST_ANSWER = "broke the line after taking it"
    LOST_MESSAGE = "broke the line"
    BROKEN_IN_THE_MIDDLE = "broke the line in the middle"
    REFUSED = "451"


# Shares of messages; the rest is taken.
_SHARES = (
    (Treatment.LOST_ANSWER, 0.05),
    (Treatment.LOST_MESSAGE, 0.03),
    (Treatment.BROKEN_IN_THE_MIDDLE, 0.03),
    (Treatment.REFUSED, 0.05),
    (Treatment.TAKEN_SLOWLY, 0.02),
)


def treatment(luck: float) -> Treatment:
    """By a number from 0 to 1."""
    for kind, share in _SHARES:
        luck -= share
        if luck < 0:
            return kind
    return Treatment.TAKEN


@dataclass
class MailServer:
    """SMTP as far as a sender needs it; `mails` is its own book, `open` counts dialogues.

    What becomes of a person's first, second, third message is drawn from the seed.
    """

    seed: int
    mails: list[Mail] = field(default_factory=list)
    open: int = 0
    port: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
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
                if not await self._take(reader, writer, recipient):
                    return
                continue
            if verb.startswith("RCPT"):
                recipient = line.split("<")[1].split(">")[0]
            writer.write(b"250 ok\r\n")

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str
    ) -> bool:
        """Write one message into the book and answer; whether the dialogue goes on."""
        began = datetime.now(UTC)
        self._counts[recipient] += 1
        chance = stream(self.seed, f"mail {self._counts[recipient]} to {recipient}")
        what = treatment(chance.random())
        message = await reader.readuntil(_HEADER_END)
        if what is not Treatment.BROKEN_IN_THE_MIDDLE:
            message += await reader.readuntil(_MESSAGE_END)
        matched, number = _ID.search(message), len(self.mails)
        is_whole = what in (Treatment.TAKEN, Treatment.TAKEN_SLOWLY, Treatment.LOST_ANSWER)
        answer = what.split()[0] if what[0].isdigit() else what
        at, name = datetime.now(UTC), matched[1].decode() if matched else ""
        reply = _LEFT if what is Treatment.TAKEN_SLOWLY else answer
        self.mails.append(Mail(at, name, recipient, is_whole, reply, began))
        try:
            goes_on = await _answered(writer, what)
            self.mails[number] = replace(self.mails[number], answer=answer)
            return goes_on
        finally:
            self.mails[number] = replace(self.mails[number], ended_at=datetime.now(UTC))


async def _answered(writer: asyncio.StreamWriter, what: Treatment) -> bool:
    """Whether the dialogue goes on."""
    match what:
        case Treatment.TAKEN:
            writer.write(b"250 taken\r\n")
        case Treatment.REFUSED:
            writer.write(b"451 later\r\n")
        case Treatment.TAKEN_SLOWLY:
            for byte in b"250 taken\r\n":
                await asyncio.sleep(_DRIPS_SECONDS)
                writer.write(bytes([byte]))
                await writer.drain()
        case _:
            return False
    return True
