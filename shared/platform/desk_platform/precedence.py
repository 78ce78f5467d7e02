"""People first: large batches of the bus give way to calls while there are any, for a bounded time.

A process and its store do one thing at a time. A batch of a thousand events would keep a call
waiting for seconds; in slices, with a look at the calls before each, it keeps it for one slice.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Generator

# Somebody who called within this is likely to call again.
QUIET_SECONDS = 5.0
# The bus has its share, however many call: one slice each time this has passed.
LONGEST_SECONDS = 0.1
# While somebody calls here: so many at once; fewer are no burst and wait for nobody.
SLICE = 50
# So many who call at once are a burst: what the bus brings is gathered meanwhile.
BURST = 8
# All services share one store, and people call some of them: nobody keeps it longer than this.
SLICE_SECONDS = 0.1
SMALLEST_SLICE = 25
# How much of what was known is kept when a slice has shown how long it took.
_INERTIA = 0.7


class Precedence:
    """One for each process: calls pass through `call`, batches ask `is_calm` and `let_pass`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._under_way = 0
        self._last_call = now() - QUIET_SECONDS
        # What a document costs, as far as is known; at first it is taken for cheap.
        self._seconds_each = SLICE_SECONDS / (4 * SLICE)
        self._nobody = asyncio.Event()
        self._nobody.set()

    @property
    def is_calm(self) -> bool:
        """Nobody calls, and nobody did just now: a batch may take all there is."""
        return self._under_way == 0 and self._now() - self._last_call >= QUIET_SECONDS

    @property
    def is_burst(self) -> bool:
        """So many call at once that each small batch of the bus would cost one of them its turn."""
        return self._under_way >= BURST

    @contextlib.contextmanager
    def call(self) -> Generator[None, None, None]:
        """Around the work for somebody who waits for the answer."""
        self.begin_call()
        try:
            yield
        finally:
            self.end_call()

    def begin_call(self) -> None:
        """Somebody waits for an answer from now on; `end_call` has to follow."""
        self._under_way += 1
        self._nobody.clear()

    def end_call(self) -> None:
        self._under_way -= 1
        self._last_call = self._now()
        if self._under_way == 0:
            self._nobody.set()

    def slice_size(self) -> int:
        """So many documents at once keep the store busy for no longer than agreed."""
        size = max(SMALLEST_SLICE, int(SLICE_SECONDS / self._seconds_each))
        return size if self.is_calm else min(size, SLICE)

    @contextlib.contextmanager
    def slice(self, documents: int) -> Generator[None, None, None]:
        """Around the work on so many documents: how long it takes says how many may come next."""
        began = self._now()
        yield
        each = max(1e-6, (self._now() - began) / documents)
        self._seconds_each = _INERTIA * self._seconds_each + (1 - _INERTIA) * each

    async def let_pass(self) -> None:
        """Before each slice: whoever calls goes first, but not for longer than agreed."""
        # Calls that have come meanwhile are seen only once the loop has turned.
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._nobody.wait()
