"""A mail server that keeps a book, and now and then breaks a line or asks to come again."""

import asyncio
import random
import re
from datetime import UTC, datetime

from desk_storm.books import Mail

_ID = re.compile(rb"Message-ID:\s*<([^@>]+)@")
# The message was taken, but nobody hears so; it was not taken; it is to come again.
_TAKEN_IN_SILENCE, _BROKEN, _LATER = 0.08, 0.16, 0.2


class MailServer:
    """As much of SMTP as a client needs that has nothing to hide."""

    def __init__(self, seed: int) -> None:
        self.mails: list[Mail] = []
        self._chance = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One dialogue."""
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return  # the client is gone
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient, said = "", "220 here"
        while said:
            writer.write(f"{said}\r\n".encode())
            await writer.drain()
            line = (await reader.readline()).decode().strip()
            match line.upper().partition(" ")[0].partition(":")[0]:
                case "" | "QUIT":
                    return
                case "RCPT":
                    recipient, said = line.split("<")[1].split(">")[0], "250 yes"
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    said = self._taken(await reader.readuntil(b"\r\n.\r\n"), recipient)
                case _:
                    said = "250 yes"

    def _taken(self, message: bytes, recipient: str) -> str:
        """The answer; none breaks the line."""
        found = _ID.search(message)
        id = found[1].decode() if found else ""
        chance = self._chance.random()
        if chance < _BROKEN:
            is_whole, answer, said = chance < _TAKEN_IN_SILENCE, "broke the line", ""
        elif chance < _LATER:
            is_whole, answer, said = False, "451", "451 later"
        else:
            is_whole, answer, said = True, "250", "250 taken"
        self.mails.append(Mail(datetime.now(UTC), id, recipient, is_whole, answer))
        return said
