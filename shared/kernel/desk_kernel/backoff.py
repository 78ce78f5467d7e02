"""How long to wait after failures: each time twice as long, up to a longest pause."""

from dataclasses import dataclass
from datetime import timedelta

# Past this many doublings every pause has long been the longest.
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between the tries of one thing, without jitter."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """The pause after so many failures in a row, at least one."""
        doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
        return min(self.longest, self.first * (1 << doublings))
