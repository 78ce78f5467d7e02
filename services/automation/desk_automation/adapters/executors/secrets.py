"""Secrets by name: files of one folder, asked for at each attempt and hidden in all that follows.

A secret is in no plan, journal, event or log: a runbook names it, and only the attempt that needs
it asks for it. So a new file holds from the next attempt on.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from desk_charter.request_model import SECRET_NAME
from desk_contracts.message import message
from desk_platform.settings.secret_files import SecretFolder

from desk_automation.adapters.executors.sending import Refused

# Less is in too many texts to be hidden in them, and is no secret.
_SHORTEST = 4
_HIDDEN = "***"


class Secrets:
    """The folder; without one there are no secrets."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = SecretFolder(folder)

    def unseal(self) -> "Unsealed":
        """For one attempt: it gives secrets, and hides those that it gave."""
        return Unsealed(self._folder)


class Unsealed:
    """What one attempt has asked for."""

    def __init__(self, folder: SecretFolder) -> None:
        self._folder = folder
        self._hidden: set[str] = set()

    def read(self, name: str) -> str:
        """The secret of now, without the line's end; `Refused` if there is none."""
        text = self._folder.find(name) if SECRET_NAME.fullmatch(name) else None
        if text is None:
            raise Refused(message("answer.no-secret", name=name))
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
        yield part.encode().hex()
