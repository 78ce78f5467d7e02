"""Secrets by name: files of one folder, read at each attempt and hidden in all that is said after.

A secret is in no plan, journal, event or log: a runbook names it, and only the attempt that needs
it reads it. So a new file holds from the next attempt on.
"""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from desk_charter.requests import SECRET_NAME
from desk_contracts.message import message

from desk_automation.adapters.executors.sending import Refused

_MOST_BYTES = 64 * 1024
# Less is in too many texts to be hidden in them, and is no secret.
_SHORTEST = 4
_HIDDEN = "***"


class Secrets:
    """The folder; without one there are no secrets."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def unseal(self) -> "Unsealed":
        """For one attempt: it reads secrets, and hides those that it read."""
        return Unsealed(self._folder)


class Unsealed:
    """What one attempt has read."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._hidden: set[str] = set()

    def read(self, name: str) -> str:
        """The text of a secret, without the line's end; `Refused` if there is none."""
        why = message("answer.no-secret", name=name)
        if self._folder is None or not SECRET_NAME.fullmatch(name):
            raise Refused(why)
        try:
            with (self._folder / name).open("rb") as file:
                text = file.read(_MOST_BYTES).decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(why) from error
        if not text:
            raise Refused(why)
        self._hidden.update(_forms(text))
        return text

    def hide(self, text: str) -> str:
        """The text without any secret that was read, as it is or in a form in which it travels."""
        for secret in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text


def _forms(text: str) -> Iterator[str]:
    """The secret, each line of a longer one, and both as they look in a URL or in base64."""
    for part in {text, *(line.strip() for line in text.splitlines())}:
        if len(part) < _SHORTEST:
            continue
        yield part
        yield quote(part, safe="")
        yield base64.b64encode(part.encode()).decode().rstrip("=")
        yield binascii.hexlify(part.encode()).decode()
