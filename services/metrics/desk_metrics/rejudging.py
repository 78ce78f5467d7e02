"""A new policy version reaches every open ticket, not only those that wake by themselves.

What was decided under an earlier edition is found by its number in the store, so a stop in the
middle is taken up again at the next start.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from desk_shared.bus import Projection, UnitOfWork, WorkItem
from desk_shared.clock import Clock
from desk_shared.kernel import Context, Decision
from desk_shared.store.pages import by_id
from desk_shared.telemetry import get_logger
from desk_shared.turns import turned

from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.tickets import TicketRecord
from desk_metrics.domain.worktime import micros

log = get_logger()

PAGE = 500
_CHECK = timedelta(seconds=1)


class Rejudging:
    """Decides open tickets again after each change of the SLAs."""

    def __init__(
        self,
        unit_of_work: UnitOfWork[TicketRecord],
        fold: Projection[TicketRecord],
        book: Callable[[], PolicyBook],
        clock: Clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._projection = fold
        self._book = book
        self._clock = clock
        self._done = 0

    async def run(self) -> None:
        """Watch the book until cancelled."""
        while True:
            await self.look()
            turned()
            await self._clock.sleep(_CHECK)

    async def look(self) -> int:
        """How many tickets are to be decided again; none unless a new edition is in force."""
        number = self._book().in_force(micros(self._clock.now()))
        if number == self._done:
            return 0
        count = 0
        for earlier in range(1, number):
            count += await self._judge(earlier)
        self._done = number
        if count:
            log.info("tickets_judged_anew", tickets=count, editions=number)
        return count

    async def _judge(self, earlier: int) -> int:
        """Page by page. One that fails stays as it was, and is found at the next start."""
        count, facets = 0, {"open": True, "judged": earlier}
        async for page in by_id(self._projection.documents, facets, limit=PAGE):
            await self._unit_of_work.run([self._task(one.id) for one in page], self._report)
            count += len(page)
        return count

    @staticmethod
    def _task(id: str) -> WorkItem[TicketRecord]:
        """Its timer decides: only the replica that holds its partition knows what was said."""

        def make_due(state: TicketRecord | None, context: Context) -> Decision[TicketRecord] | None:
            return None if state is None else Decision(state, due=context.now)

        return WorkItem(id, make_due)

    async def _report(self, failures: Sequence[tuple[WorkItem[TicketRecord], Exception]]) -> None:
        for task, error in failures:
            log.error("rejudging_failed", ticket=task.id, exc_info=error)
