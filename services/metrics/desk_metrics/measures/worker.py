"""The bus side of measures: tickets with their SLAs, and how what they measure reaches a day.

A new policy version reaches every open ticket, not only those whose timer fires. What was decided
under an earlier one is found by its number in the store, so a stop in the middle is taken up again
at the next start.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from desk_contracts import AnyEvent
from desk_contracts.events.contributions import ContactRepeated, ContributionsChanged
from desk_contracts.names import (
    AUTOMATION,
    CHANGES,
    FEEDBACK,
    PROBLEMS,
    SIGNALS,
    TICKETS,
)
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka import Projection, UnitOfWork, WorkItem
from desk_platform.store import Documents
from desk_platform.store.pages import by_id
from desk_platform.telemetry import get_logger

from desk_metrics.measures.contributions import Contribution, Slice, day_of
from desk_metrics.measures.decide import decide_ticket, record
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.outages import Outages, add_signal, outages_key
from desk_metrics.measures.repeat_contacts import is_person
from desk_metrics.measures.returns import Returns, returns_key, with_contact
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.measures.surveys import KeptResponse, add_response, read_response
from desk_metrics.measures.watched import (
    Detections,
    Repairs,
    add_detection,
    add_run,
    detections_keys,
    repairs_key,
)
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import micros

READS = (TICKETS, AUTOMATION, SIGNALS, CHANGES, PROBLEMS, FEEDBACK)
Book = Callable[[], PolicyBook]


def tickets_projection(documents: Documents[TicketRecord], book: Book) -> Projection[TicketRecord]:
    """The SLAs and measures of tickets. Events are judged at their own time, so a replayed year
    of them says what living through it said; timers then bring each ticket up to the present."""

    def keys(event: AnyEvent) -> Iterable[str]:
        is_ours = event.topic == TICKETS or event.type == ContactRepeated.TYPE
        return (event.subject,) if is_ours else ()

    def react(
        state: TicketRecord | None, event: AnyEvent, context: Context
    ) -> Decision[TicketRecord] | None:
        is_own = event.topic == TICKETS
        if state is None and not is_own:
            return None
        after = record(state or TicketRecord(TicketClocks(event.subject)), event)
        if context.more or not is_own:
            # The batch's last event of the ticket decides for all; if that fails, a timer does.
            return Decision(after, due=context.now)
        return decide_ticket(after, book(), min(event.time, context.now))

    def on_timer(state: TicketRecord | None, context: Context) -> Decision[TicketRecord] | None:
        return None if state is None else decide_ticket(state, book(), context.now)

    return Projection(documents, keys=keys, react=react, on_timer=on_timer, ordered=True)


def buckets_projection(documents: Documents[Bucket]) -> Projection[Bucket]:
    """Parts of days, with what each source posts to them."""

    def keys(event: AnyEvent) -> Iterable[str]:
        is_ours = event.type == ContributionsChanged.TYPE and not is_person(event.subject)
        return (event.subject,) if is_ours else ()

    def react(state: Bucket | None, event: AnyEvent, _context: Context) -> Decision[Bucket] | None:
        if not isinstance(event.data, ContributionsChanged):
            return None
        bucket = state or Bucket(day_of(event.subject))
        data = event.data
        by = Slice(data.kind, data.service, data.team, data.site, data.person, data.device)
        contributions = tuple(Contribution(*values) for values in data.contributions)
        after = bucket.with_entry(Entry(data.of, data.revision, by, contributions))
        return None if after is bucket else Decision(after)

    return Projection(documents, keys=keys, react=react, is_exact=True)


def repairs_projection(documents: Documents[Repairs]) -> Projection[Repairs]:
    """What was healed at each target by each runbook, and whether it lasted."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = repairs_key(event)
        return () if key is None else (key,)

    def react(
        state: Repairs | None, event: AnyEvent, _context: Context
    ) -> Decision[Repairs] | None:
        change = add_run(state or Repairs(), event)
        return None if change is None else Decision(*change)

    return Projection(documents, keys=keys, react=react)


def detections_projection(documents: Documents[Detections]) -> Projection[Detections]:
    """Who knew first of trouble with a device or a service: telemetry or people."""

    def react(
        state: Detections | None, event: AnyEvent, _context: Context
    ) -> Decision[Detections] | None:
        change = add_detection(state or Detections(), event)
        return None if change is None else Decision(*change)

    return Projection(documents, keys=detections_keys, react=react)


def outages_projection(documents: Documents[Outages]) -> Projection[Outages]:
    """How long each device and service was in trouble."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = outages_key(event)
        return () if key is None else (key,)

    def react(
        state: Outages | None, event: AnyEvent, _context: Context
    ) -> Decision[Outages] | None:
        change = add_signal(state, event)
        return None if change is None else Decision(*change)

    return Projection(documents, keys=keys, react=react)


def responses_projection(documents: Documents[KeptResponse]) -> Projection[KeptResponse]:
    """What people say: a document for each survey and each wish."""

    def keys(event: AnyEvent) -> Iterable[str]:
        response = read_response(event)
        return () if response is None else (response.key,)

    def react(
        state: KeptResponse | None, event: AnyEvent, _context: Context
    ) -> Decision[KeptResponse] | None:
        response = read_response(event)
        change = None if response is None else add_response(state, response, event)
        return None if change is None else Decision(*change)

    return Projection(documents, keys=keys, react=react)


def returns_projection(documents: Documents[Returns]) -> Projection[Returns]:
    """Who had to come again: a document for each person, told by their tickets."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = returns_key(event)
        return () if key is None else (key,)

    def react(
        state: Returns | None, event: AnyEvent, _context: Context
    ) -> Decision[Returns] | None:
        change = with_contact(state or Returns(), event)
        return None if change is None else Decision(*change)

    return Projection(documents, keys=keys, react=react, is_exact=True)


log = get_logger()

PAGE = 500
_CHECK = timedelta(seconds=1)


class Reevaluation:
    """Decides open tickets again after each change of the SLAs."""

    def __init__(
        self,
        unit_of_work: UnitOfWork[TicketRecord],
        projection: Projection[TicketRecord],
        book: Callable[[], PolicyBook],
        clock: Clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._projection = projection
        self._book = book
        self._clock = clock
        self._done = 0

    async def run(self) -> None:
        """Watch the book until cancelled."""
        while True:
            await self.look()
            beat()
            await self._clock.sleep(_CHECK)

    async def look(self) -> int:
        """How many tickets are to be decided again; none unless a new edition is in force."""
        number = self._book().in_force(micros(self._clock.now()))
        if number == self._done:
            return 0
        count = 0
        for earlier in range(1, number):
            # Page by page. One that fails stays as it was, and is found at the next start.
            facets = {"open": True, "evaluated": earlier}
            async for page in by_id(self._projection.documents, facets, limit=PAGE):
                work = [self._task(stored.id) for stored in page]
                await self._unit_of_work.run(work, self._report)
                count += len(page)
        self._done = number
        if count:
            log.info("tickets_evaluated_anew", tickets=count, editions=number)
        return count

    @staticmethod
    def _task(id: str) -> WorkItem[TicketRecord]:
        """Its timer decides: only the replica that holds its partition knows what was said."""

        def make_due(state: TicketRecord | None, context: Context) -> Decision[TicketRecord] | None:
            return None if state is None else Decision(state, due=context.now)

        return WorkItem(id, make_due)

    async def _report(self, failures: Sequence[tuple[WorkItem[TicketRecord], Exception]]) -> None:
        for task, error in failures:
            log.error("reevaluation_failed", ticket=task.id, exc_info=error)
