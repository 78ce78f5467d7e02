"""The numbers that runs draw where they wait in line for a place: each runbook has its turns. Pure.

Only numbers are kept, so it is as large as there are runbooks that wait, however many runs do.
"""

from collections.abc import Mapping

from desk_contracts.frozen import Frozen


class QueueNumbers(Frozen):
    """`reached`: the latest that came. `last`: of each runbook the last one, until it is over."""

    reached: int = 0
    last: Mapping[str, int] = {}

    @property
    def is_used(self) -> bool:
        """Whether anybody ever stood in line here."""
        return bool(self.last)

    def give(self, runbook: str) -> "QueueNumbers":
        """With one more for the runbook: behind its own, and beside those of all others."""
        number = max(self.last.get(runbook, 0), self.reached) + 1
        return QueueNumbers(reached=self.reached, last={**self.last, runbook: number})

    def reach(self, number: int) -> "QueueNumbers":
        """A run with this number has its place; no runbook has turns saved up from before it."""
        reached = max(self.reached, number)
        kept = {runbook: last for runbook, last in self.last.items() if last >= reached}
        return QueueNumbers(reached=reached, last=kept)

    def last_of(self, runbook: str) -> int:
        """What the runbook was given last; 0 where that is over."""
        return self.last.get(runbook, 0)
