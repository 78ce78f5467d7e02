"""Whether two sets of documents say the same, byte for byte, once told what may differ.

What may: how often something was sent (revisions), when it was last looked at, and what was said
of SLAs (a clock that fell due before a late fact came was rightly told of, and a rebuild, which
knows the fact in time, never tells it). Everything that figures and verdicts rest on must agree.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from desk_platform.store import Documents
from desk_platform.store.document import S
from desk_platform.store.pages import by_id
from pydantic import TypeAdapter

from desk_metrics.measures.contributions import Published, Slice, make_contribution_set
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.outages import Outages
from desk_metrics.measures.returns import Returns
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.surveys import KeptResponse
from desk_metrics.measures.watched import Detections, Repairs
from desk_metrics.reports.changes import Changes
from desk_metrics.sla.model import TicketClocks

_PAGE = 250
_NOTHING = make_contribution_set("", Slice(), ()).print
T = TypeVar("T", TicketRecord, Bucket, Repairs, Detections, Changes, Outages, KeptResponse, Returns)


@dataclass(frozen=True, slots=True)
class Collections:
    """The collections that metrics fills from the bus."""

    tickets: Documents[TicketRecord]
    buckets: Documents[Bucket]
    repairs: Documents[Repairs]
    detections: Documents[Detections]
    changes: Documents[Changes]
    outages: Documents[Outages]
    responses: Documents[KeptResponse]
    returns: Documents[Returns]


@dataclass(slots=True)
class Comparison:
    """How many documents of one collection agree, and which do not."""

    collection: str
    alike: int = 0
    different: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.different or self.missing or self.surplus)


def ticket_truth(record: TicketRecord) -> TicketRecord:
    """A ticket's facts and what it posts; not when something was told."""
    facts = TicketClocks(record.clocks.ticket, record.clocks.facts)
    published = _strip_published(record.published)
    notes = replace(record.notes, lasted=(), returned=(), taken_back=())
    return replace(record, clocks=facts, evaluated=0, revision=0, published=published, notes=notes)


def bucket_truth(bucket: Bucket, find_moving: Collection[str] = ()) -> Bucket:
    """What is posted, without what was taken back and without tickets still on their way."""
    entries = tuple(
        entry._replace(revision=0)
        for entry in bucket.entries
        if entry.contributions and entry.source not in find_moving
    )
    return replace(bucket, entries=entries)


def repairs_truth(repairs: Repairs) -> Repairs:
    """What was healed and posted."""
    sources = tuple(
        replace(b, revision=0, published=_strip_published(b.published)) for b in repairs.sources
    )
    return replace(repairs, sources=sources)


def detections_truth(detections: Detections) -> Detections:
    """What was seen and posted."""
    sources = tuple(
        replace(b, revision=0, published=_strip_published(b.published)) for b in detections.sources
    )
    return replace(detections, sources=sources)


def outages_truth(outages: Outages) -> Outages:
    """What trouble there was and what it posted."""
    sources = tuple(
        replace(b, revision=0, published=_strip_published(b.published)) for b in outages.sources
    )
    return replace(outages, sources=sources)


def returns_truth(returns: Returns, find_moving: Collection[str] = ()) -> Returns:
    """Who asked for what and what came again, without tickets still on their way."""
    contacts = tuple(
        c._replace(revision=0) for c in returns.contacts if c.ticket not in find_moving
    )
    sources = tuple(
        replace(b, revision=0, published=_strip_published(b.published)) for b in returns.sources
    )
    return Returns(contacts, tuple(source for source in sources if source.published))


def response_truth(response: KeptResponse) -> KeptResponse:
    """What was said and what it posted."""
    book = replace(response.book, revision=0, published=_strip_published(response.book.published))
    return replace(response, book=book)


def _strip_published(published: Published) -> Published:
    return tuple((bucket, print_) for bucket, print_ in published if print_ != _NOTHING)


class CollectionDiff(Generic[T]):
    """Compares a living collection with a rebuilt one, page by page."""

    def __init__(
        self, name: str, model: type[T], truth: Callable[[T], T], nothing: Callable[[T], bool]
    ) -> None:
        self._name = name
        self._bytes: TypeAdapter[T] = TypeAdapter(model)
        self._truth: Callable[[T], T] = truth
        self._nothing: Callable[[T], bool] = nothing

    async def compare(
        self, living: Documents[T], rebuilt: Documents[T], skipped: Collection[str] = ()
    ) -> Comparison:
        """Both ways: what is missing in the rebuilt, and what is there beside."""
        result = Comparison(self._name)
        await self._one_way(living, rebuilt, result, skipped, result.missing)
        both = result.alike, list(result.different)
        await self._one_way(rebuilt, living, result, skipped, result.surplus)
        result.alike, result.different = both
        return result

    async def _one_way(
        self,
        here: Documents[T],
        there: Documents[T],
        result: Comparison,
        skipped: Collection[str],
        absent: list[str],
    ) -> None:
        async for page in by_id(here, limit=_PAGE):
            states = {
                item.id: self._truth(item.state)
                for item in page
                if item.state is not None and item.id not in skipped
            }
            others = await there.load(states)
            for id, state in states.items():
                other = others.get(id)
                if other is None or other.state is None:
                    if not self._nothing(state):
                        absent.append(id)
                elif self._without_emitted(self._truth(other.state)) == self._without_emitted(
                    state
                ):
                    result.alike += 1
                else:
                    result.different.append(id)

    def _without_emitted(self, state: T) -> bytes:
        return self._bytes.dump_json(state)


async def find_moving(living: Documents[S], rebuilt: Documents[S]) -> set[str]:
    """Documents that one side has read further than the other: the desk is at work."""
    ids: set[str] = set()
    for here, there in ((living, rebuilt), (rebuilt, living)):
        async for page in by_id(here, limit=_PAGE):
            others = await there.load([item.id for item in page])
            for item in page:
                other = others.get(item.id)
                if other is not None and other.sequence != item.sequence:
                    ids.add(item.id)
    return ids


async def compare_collections(
    living: Collections, rebuilt: Collections
) -> tuple[list[Comparison], int]:
    """Each collection compared, and how many tickets were left out since they were moving."""
    away = await find_moving(living.tickets, rebuilt.tickets)

    def bucket(state: Bucket) -> Bucket:
        return bucket_truth(state, away)

    def strip_returns(state: Returns) -> Returns:
        return returns_truth(state, away)

    def never(_state: object) -> bool:
        return False

    tickets = CollectionDiff("tickets", TicketRecord, ticket_truth, never)
    buckets = CollectionDiff("buckets", Bucket, bucket, lambda state: not state.entries)
    repairs = CollectionDiff("repairs", Repairs, repairs_truth, never)
    detections = CollectionDiff("detections", Detections, detections_truth, never)
    changes = CollectionDiff("changes", Changes, lambda state: state, never)
    outages = CollectionDiff("outages", Outages, outages_truth, never)
    responses = CollectionDiff("survey_responses", KeptResponse, response_truth, never)
    returns = CollectionDiff("returns", Returns, strip_returns, lambda state: not state.contacts)
    return [
        await tickets.compare(living.tickets, rebuilt.tickets, away),
        await buckets.compare(living.buckets, rebuilt.buckets),
        await repairs.compare(living.repairs, rebuilt.repairs),
        await detections.compare(living.detections, rebuilt.detections),
        await changes.compare(living.changes, rebuilt.changes),
        await outages.compare(living.outages, rebuilt.outages),
        await responses.compare(living.responses, rebuilt.responses),
        await returns.compare(living.returns, rebuilt.returns),
    ], len(away)
