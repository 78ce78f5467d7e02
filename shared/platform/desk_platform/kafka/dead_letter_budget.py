"""How many records may become dead letters by our own bugs before a consumer stops.

One bad release must not empty a topic into its dead letters. What a publisher did wrong never
counts, and all that fails of one document counts once: neither who sends what cannot be read nor
one broken ticket stops the others' (ADR 18).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desk_contracts.errors import DeskError, describe_error

from desk_platform.clock import Clock
from desk_platform.store import Unreadable

WINDOW = timedelta(minutes=1)
# Of the budget this share is there in the first window after a start: one that was started again
# with the same bug stops again soon.
FIRST_SHARE = 4


class BudgetSpent(Exception):
    """Too many records failed with a bug: nothing more becomes a dead letter, and nothing is
    read on."""


class Budget:
    """The budget of one consumer: so many documents may fail in a window, 0 is no limit."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most, self._clock = most, clock
        self._started = clock.now()
        self._spent: dict[str, datetime] = {}
        self.reason = ""

    @property
    def is_spent(self) -> bool:
        return bool(self.reason)

    def spend(self, failures: Iterable[tuple[str, Exception]]) -> None:
        """Count the documents that failed by our own fault; raises `BudgetSpent` before there is
        one too many."""
        bugs = {document: error for document, error in failures if is_bug(error)}
        if not bugs or not self._most:
            return
        now = self._clock.now()
        recent = {id: moment for id, moment in self._spent.items() if now - moment <= WINDOW}
        spent = recent | dict.fromkeys(bugs, now)
        is_new = now - self._started <= WINDOW
        limit = -(-self._most // FIRST_SHARE) if is_new else self._most
        if self.is_spent or len(spent) > limit:
            last = next(reversed(bugs.values()))
            self.reason = self.reason or (
                "stopped, since records of too many documents fail with a bug, the last with"
                f" {describe_error(last)}. Nothing more becomes a dead letter and all records stay"
                " where they are. Repair it or roll back; it reads on when it is started again"
            )
            raise BudgetSpent(self.reason) from last
        self._spent = spent


def is_bug(error: Exception) -> bool:
    """Nobody outside is to blame: a rule or a stored document is broken."""
    return not isinstance(error, DeskError) or isinstance(error, Unreadable)
