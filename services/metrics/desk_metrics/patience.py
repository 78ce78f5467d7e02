"""The weekly report waits until the log is read about to its end: after a stop, much of what it
counts may still be in it. Deadlines wait more exactly, each for its partition.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from desk_shared.clock import Clock
from desk_shared.health import Progress

# The lag is looked at every two seconds and counts nothing that was not fetched yet.
FIRST_LOOK = timedelta(seconds=4)
# About what a batch takes: a busy desk is never at the end of its log.
BEHIND = 500
_CHECK = timedelta(milliseconds=100)


def is_caught_up(progress: Progress, clock: Clock) -> bool:
    """Partitions are ours, their lag is known, and it is small."""
    since = progress.assigned_at
    if progress.assigned == 0 or since is None or progress.pause_reason is not None:
        return False
    return clock.now() - since >= FIRST_LOOK and progress.lag + progress.halted <= BEHIND


def once_caught_up(progress: Progress, clock: Clock) -> Callable[[], Awaitable[None]]:
    """A gate for timers; at work it opens at once."""

    async def gate() -> None:
        while not is_caught_up(progress, clock):
            await clock.sleep(_CHECK)

    return gate
