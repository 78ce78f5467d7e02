"""Who is next where runs wait for room: the most urgent, and of equals each team in its turn.

A runbook that meets a thousand devices at once must not hold up the runs of all others.
"""

import sys
from collections import defaultdict
from typing import Generic, NamedTuple, TypeVar

from desk_contracts.value_types import Priority

from desk_automation.runs.plan import Plan

T = TypeVar("T")


class Rank(NamedTuple):
    """What decides who is next: the priority, then whose last turn is longest ago."""

    priority: Priority
    team: str
    runbook: str


def rank_of(plan: Plan) -> Rank:
    """The rank of a run with this plan."""
    return Rank(plan.priority, plan.team, plan.runbook)


class FairQueue(Generic[T]):
    """Of one priority the team is next whose last turn is longest ago, of one team the runbook, of
    one runbook who came first.

    It keeps at most `most`. Where there are more, who came last of the least urgent is left out.
    """

    def __init__(self, most: int = sys.maxsize) -> None:
        self._most = most
        self._ranks: dict[T, Rank] = {}
        self._queues: dict[Rank, dict[T, None]] = {}
        self._last_picks: defaultdict[str | tuple[str, str], int] = defaultdict(int)
        self._picked = 0

    def __len__(self) -> int:
        return len(self._ranks)

    def __contains__(self, item: T) -> bool:
        return item in self._ranks

    def add(self, item: T, rank: Rank) -> None:
        """Behind the others of its rank; who is there already keeps the place."""
        if item in self._ranks:
            return
        if len(self) >= self._most:
            least = max(self._queues, key=lambda rank: rank.priority)
            if rank.priority >= least.priority:
                return
            self.discard(next(reversed(self._queues[least])))
        self._ranks[item] = rank
        self._queues.setdefault(rank, {})[item] = None

    def discard(self, item: T) -> None:
        """It waits no more."""
        rank = self._ranks.pop(item, None)
        if rank is None:
            return
        del self._queues[rank][item]
        if not self._queues[rank]:
            del self._queues[rank]

    def pop(self) -> T:
        """Who is next; `LookupError` if nobody waits."""
        if not self._queues:
            raise LookupError("nobody waits")
        picks = self._last_picks
        rank = min(
            self._queues, key=lambda r: (r.priority, picks[r.team], picks[r.team, r.runbook])
        )
        item = next(iter(self._queues[rank]))
        self.discard(item)
        self._picked += 1
        picks[rank.team] = picks[rank.team, rank.runbook] = self._picked
        return item
