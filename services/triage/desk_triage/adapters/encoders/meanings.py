"""What reports mean, by the encoder that was chosen: encoded on a thread, before they are decided.

What a report means follows from its words and the encoder alone, so deciding again gives the same.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from desk_contracts import AnyEvent
from desk_contracts.events.trouble import TroubleReported
from desk_platform.heartbeat import beat
from desk_platform.similar import Written

from desk_triage.problems.meaning import MOST_A_MINUTE
from desk_triage.similar.store import Encoder

# What a text costs grows with its length; the first words say what it is about.
LONGEST = 200
# A batch; what was encoded lately is in memory until others come.
_KEPT = 1_000
# A number of length one becomes a whole one, so that sums are exact.
_UNIT = 10_000

Words = tuple[str, ...]
Numbers = tuple[int, ...]


class EncodedMeanings:
    """Asks the encoder once for each text, as far as it remembers."""

    def __init__(self, encoder: Encoder, kept: int = _KEPT) -> None:
        self._encoder, self._most = encoder, kept
        self._kept: OrderedDict[Words, Numbers] = OrderedDict()

    @property
    def name(self) -> str:
        return f"{self._encoder.name}/{LONGEST}"

    async def prepare(self, events: Sequence[AnyEvent]) -> None:
        """Encodes beforehand what is about to be decided, so that nobody else waits for it."""
        minutes = Counter[datetime]()
        for event in events:
            data = event.data
            if not isinstance(data, TroubleReported) or data.words in self._kept:
                continue
            minute = data.reported_at.replace(second=0, microsecond=0)
            minutes[minute] += 1
            if minutes[minute] <= MOST_A_MINUTE:
                numbers = await asyncio.to_thread(self._encode, data.words)
                self._keep(data.words, numbers)
                beat()

    def encode(self, words: Words) -> Numbers:
        numbers = self._kept.get(words)
        if numbers is None:
            numbers = self._encode(words)
            self._keep(words, numbers)
        return numbers

    def _encode(self, words: Words) -> Numbers:
        # One by one: a row may differ in its last digits by what else is encoded with it.
        (row,) = self._encoder.encode([Written(" ".join(words)[:LONGEST])])
        return tuple(np.rint(row * _UNIT).astype(int).tolist())

    def _keep(self, words: Words, numbers: Numbers) -> None:
        self._kept[words] = numbers
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
