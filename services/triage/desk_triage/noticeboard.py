"""Keeps the board fresh: looks at the store now and then, so that no decision waits for it."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from desk_shared.clock import Clock
from desk_shared.store import Documents, Unreadable
from desk_shared.turns import turned

from desk_triage.domain.board import EMPTY, Board
from desk_triage.domain.changes import ServiceChanges
from desk_triage.domain.model import Ticket
from desk_triage.domain.problem import Cluster, parted_key

# Changes and problems are few and matter at once; the load matters only on average.
LOOK_EVERY = timedelta(seconds=1)
LOOKS_PER_COUNT = 10
MOST_CHANGES = 500
MOST_PROBLEMS = 500
MOST_TICKETS = 2_000


class StoredBoard:
    """The last look at what goes on; a look that fails leaves the one before."""

    def __init__(
        self,
        tickets: Documents[Ticket],
        clusters: Documents[Cluster],
        changes: Documents[ServiceChanges],
        clock: Clock,
    ) -> None:
        self._tickets = tickets
        self._clusters = clusters
        self._changes = changes
        self._clock = clock
        self._current = EMPTY

    @property
    def current(self) -> Board:
        return self._current

    async def run(self) -> None:
        """Look until cancelled."""
        looks = 0
        while True:
            await self.look(with_load=looks % LOOKS_PER_COUNT == 0)
            looks += 1
            turned()
            await self._clock.sleep(LOOK_EVERY)

    async def look(self, *, with_load: bool) -> None:
        """One look at changes and problems, and at who has how much."""
        changes = await self._changes.find({"suspect": True}, limit=MOST_CHANGES)
        problems = await self._clusters.find_facets({"open": True}, limit=MOST_PROBLEMS)
        self._current = Board(
            changes={one.id: one.state.changes for one in changes if one.state},
            people={parted_key(id): await self._people(id, facets) for id, facets in problems},
            load=await self._load() if with_load else self._current.load,
        )

    async def _people(self, id: str, facets: Mapping[str, object]) -> int:
        """From beside the problem; one that was last written before that was kept is read."""
        if isinstance(people := facets.get("people"), int):
            return people
        try:
            found = (await self._clusters.load([id])).get(id)
        except Unreadable:  # it has no say; the others have
            return 0
        state = found.state if found else None
        return len(state.problem.people) if state and state.problem else 0

    async def _load(self) -> Mapping[str, int]:
        held = await self._tickets.find({"held": True}, limit=MOST_TICKETS)
        return Counter(one.state.member for one in held if one.state)
