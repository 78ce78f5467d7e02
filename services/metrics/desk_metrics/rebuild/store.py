"""Whether two sets of documents say the same, byte for byte, once told what may differ.

What may: how often something was sent (revisions), when it was last looked at, and what was said
of SLAs (a clock that fell due before a late fact came was rightly told of, and a rebuild, which
knows the fact in time, never tells it). Everything that figures and verdicts rest on must agree.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from desk_shared.store import Documents
from desk_shared.store.document import S
from desk_shared.store.pages import by_id
from pydantic import TypeAdapter

from desk_metrics.measures.contributions import Posted, Slice, sheet_of
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.outages import Spells
from desk_metrics.measures.returns import Returns
from desk_metrics.measures.rollups import Cell
from desk_metrics.measures.surveys import Voiced
from desk_metrics.measures.watched import Repairs, Sights
from desk_metrics.reports.changes import Changes
from desk_metrics.sla.model import TicketClocks

_PAGE = 250
_NOTHING = sheet_of("", Slice(), ()).print
T = TypeVar("T", TicketRecord, Cell, Repairs, Sights, Changes, Spells, Voiced, Returns)


@dataclass(frozen=True, slots=True)
class Shelves:
    """The collections that metrics fills from the bus."""

    tickets: Documents[TicketRecord]
    cells: Documents[Cell]
    repairs: Documents[Repairs]
    sights: Documents[Sights]
    changes: Documents[Changes]
    spells: Documents[Spells]
    voices: Documents[Voiced]
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
    """A ticket's facts and what it posts."""
    facts = TicketClocks(record.clocks.ticket, record.clocks.facts)
    posted = _posted(record.posted)
    return replace(record, clocks=facts, judged=0, revision=0, posted=posted)


def cell_truth(cell: Cell, moving: Collection[str] = ()) -> Cell:
    """What is posted, without what was taken back and without tickets still on their way."""
    entries = tuple(
        entry._replace(revision=0)
        for entry in cell.entries
        if entry.postings and entry.source not in moving
    )
    return replace(cell, entries=entries)


def repairs_truth(repairs: Repairs) -> Repairs:
    """What was healed and posted."""
    books = tuple(replace(b, revision=0, posted=_posted(b.posted)) for b in repairs.books)
    return replace(repairs, books=books)


def sights_truth(sights: Sights) -> Sights:
    """What was seen and posted."""
    books = tuple(replace(b, revision=0, posted=_posted(b.posted)) for b in sights.books)
    return replace(sights, books=books)


def spells_truth(spells: Spells) -> Spells:
    """What trouble there was and what it posted."""
    books = tuple(replace(b, revision=0, posted=_posted(b.posted)) for b in spells.books)
    return replace(spells, books=books)


def returns_truth(returns: Returns, moving: Collection[str] = ()) -> Returns:
    """Who asked for what and what came again, without tickets still on their way."""
    contacts = tuple(c._replace(revision=0) for c in returns.contacts if c.ticket not in moving)
    books = tuple(replace(b, revision=0, posted=_posted(b.posted)) for b in returns.books)
    return Returns(contacts, tuple(one for one in books if one.posted))


def voice_truth(voice: Voiced) -> Voiced:
    """What was said and what it posted."""
    book = replace(voice.book, revision=0, posted=_posted(voice.book.posted))
    return replace(voice, book=book)


def _posted(posted: Posted) -> Posted:
    return tuple((cell, print_) for cell, print_ in posted if print_ != _NOTHING)


class Comparing(Generic[T]):
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
                one.id: self._truth(one.state)
                for one in page
                if one.state is not None and one.id not in skipped
            }
            others = await there.load(states)
            for id, state in states.items():
                found = others.get(id)
                if found is None or found.state is None:
                    if not self._nothing(state):
                        absent.append(id)
                elif self._said(self._truth(found.state)) == self._said(state):
                    result.alike += 1
                else:
                    result.different.append(id)

    def _said(self, state: T) -> bytes:
        return self._bytes.dump_json(state)


async def moving(living: Documents[S], rebuilt: Documents[S]) -> set[str]:
    """Documents that one side has read further than the other: the desk is at work."""
    found: set[str] = set()
    for here, there in ((living, rebuilt), (rebuilt, living)):
        async for page in by_id(here, limit=_PAGE):
            others = await there.load([one.id for one in page])
            for one in page:
                other = others.get(one.id)
                if other is not None and other.sequence != one.sequence:
                    found.add(one.id)
    return found


async def compare_shelves(living: Shelves, rebuilt: Shelves) -> tuple[list[Comparison], int]:
    """Each collection compared, and how many tickets were left out since they were moving."""
    away = await moving(living.tickets, rebuilt.tickets)

    def cell(one: Cell) -> Cell:
        return cell_truth(one, away)

    def returned(one: Returns) -> Returns:
        return returns_truth(one, away)

    def never(_state: object) -> bool:
        return False

    tickets = Comparing("tickets", TicketRecord, ticket_truth, never)
    cells = Comparing("cells", Cell, cell, lambda one: not one.entries)
    repairs = Comparing("repairs", Repairs, repairs_truth, never)
    sights = Comparing("sights", Sights, sights_truth, never)
    changes = Comparing("changes", Changes, lambda one: one, never)
    spells = Comparing("spells", Spells, spells_truth, never)
    voices = Comparing("voices", Voiced, voice_truth, never)
    returns = Comparing("returns", Returns, returned, lambda one: not one.contacts)
    return [
        await tickets.compare(living.tickets, rebuilt.tickets, away),
        await cells.compare(living.cells, rebuilt.cells),
        await repairs.compare(living.repairs, rebuilt.repairs),
        await sights.compare(living.sights, rebuilt.sights),
        await changes.compare(living.changes, rebuilt.changes),
        await spells.compare(living.spells, rebuilt.spells),
        await voices.compare(living.voices, rebuilt.voices),
        await returns.compare(living.returns, rebuilt.returns),
    ], len(away)
