"""A store that takes long to answer is asked less often, so that asking never fills its time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from desk_platform.clock import Clock

# Of the time of whoever asks, one part in so many at most is spent on asking.
PARTS = 20


class QueryThrottle:
    """How long to wait before the store is asked again, by how long it took the last time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._took = timedelta(0)

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Around what is asked; an answer that fails took long enough to count, too."""
        began = self._clock.now()
        try:
            yield
        finally:
            self._took = self._clock.now() - began

    def pause(self, shortest: timedelta) -> timedelta:
        """The usual pause, or a longer one."""
        return max(shortest, self._took * PARTS)
