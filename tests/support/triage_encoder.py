"""Shared by tests: an encoder that knows a few words in two languages."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from desk_platform.similar import Written
from desk_triage.similar.store import Vectors

_MEANINGS = {
    "drucker": "printer",
    "papier": "paper",
    "kein": "no",
    "hat": "has",
    "der": "the",
    "bildschirm": "screen",
    "schwarz": "dark",
}
_LONGEST = 500


class FakeEncoder:
    """Words that mean the same have one place. It remembers what it was given."""

    width = 256
    least = 0.5

    def __init__(self, name: str = "fake/1") -> None:
        self.name = name
        self.given: list[str] = []
        self.fails_after: int | None = None
        """So many texts, then the disk is full."""

    def encode(self, texts: Sequence[Written]) -> Vectors:
        rows = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(rows, texts, strict=True):
            if self.fails_after is not None and len(self.given) >= self.fails_after:
                raise OSError("no space left on device")
            self.given.append(text.title)
            row[0] = 0.01  # a text without words lies somewhere as well
            for word in f"{text.title} {text.text}"[:_LONGEST].casefold().split():
                meaning = _MEANINGS.get(word, word).encode("utf-8", "replace")
                row[crc32(meaning) % self.width] += 1
        lengths: Vectors = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / lengths
