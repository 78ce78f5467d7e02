"""Secrets that lie in files and are read again when the file changes: rotated without a restart.

Kubernetes and secret stores replace a mounted file; who asks for the value gets the one of now.
"""

import contextlib
from pathlib import Path

from pydantic import SecretStr

from desk_platform.settings.fingerprint import find_fingerprint

SUFFIX = "_FILE"
# Longer than any password or key; whoever names another file by mistake is told so.
_MOST_BYTES = 64 * 1024


class UnreadableSecret(Exception):
    """Why a file gives no secret, as the end of a sentence."""


class FileSecret(SecretStr):
    """A secret whose value is what the file says now, without the line's end.

    While the file cannot be read, as in the moment of its replacement, the last value stands.
    """

    def __init__(self, path: Path) -> None:
        """Raise `UnreadableSecret` if there is none to begin with."""
        self._path, self._seen = path, find_fingerprint(path)
        super().__init__(_read(path))

    def get_secret_value(self) -> str:
        """What the file says now."""
        if (seen := find_fingerprint(self._path)) != self._seen:
            with contextlib.suppress(UnreadableSecret):
                self._secret_value, self._seen = _read(self._path), seen
        return self._secret_value


class SecretFolder:
    """Secrets by name, each in a file of that name, as a mounted secret of several keys is."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder there are none."""
        self._folder = folder
        self._secrets: dict[str, FileSecret] = {}

    def find(self, name: str) -> str | None:
        """The secret of now; None if there is no file of that name with a secret in it."""
        if self._folder is None or Path(name).name != name:
            return None
        if name not in self._secrets:
            try:
                self._secrets[name] = FileSecret(self._folder / name)
            except UnreadableSecret:
                return None
        return self._secrets[name].get_secret_value()


def _read(path: Path) -> str:
    """The text of a file that holds one secret."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableSecret("which is too large to be a secret")
        text = path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UnreadableSecret(f"which cannot be read: {reason}") from error
    if not text:
        raise UnreadableSecret("which is empty")
    return text
