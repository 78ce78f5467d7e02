"""Sums of days, kept beside the cells: made when somebody looks, and again once a cell has changed.

Nothing is written where cells are written. What was made of older cells is seen by their versions,
so sums need no marks: made twice, by two replicas or in any order they are the same.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from desk_shared.store import Documents, Stored

from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.postings import PARTS
from desk_metrics.domain.measures.sums import Cut, DaySums, sums_of
from desk_metrics.domain.worktime import micros

# A day of sums, or all its cells where sums cannot tell.
Day = DaySums | tuple[Cell, ...]
_DAY = timedelta(days=1)
_PAGE = 64
# Sums made by other rules are seen as those of other cells; 2: only moments that can be believed.
RULES = (2,)


class Kept:
    """One book of sums: whoever looks for the same cuts again finds them made."""

    def __init__(self, book: str, cells: Documents[Cell], sums: Documents[DaySums]) -> None:
        self._book = book
        self._cells = cells
        self._sums = sums

    async def days(
        self,
        first: date,
        last: date,
        cuts: Sequence[Cut],
        as_of: datetime,
        whole: Collection[date] = (),
    ) -> AsyncIterator[Day]:
        """Each day (both included) that has cells, oldest first; those in `whole` as their cells,
        and those that were different at that moment."""
        known = micros(as_of)
        for page in _pages(first, last):
            versions = await self._cells.versions(id for day in page for id in _ids(day))
            kept = await self._sums.load(self._id(day) for day in page if day not in whole)
            for day in page:
                made_of = tuple(versions.get(id, 0) for id in _ids(day))
                if not any(made_of):
                    continue
                made_of += RULES
                if day in whole:
                    yield (await self._read(day))[0]
                else:
                    stored = kept.get(self._id(day)) or Stored(self._id(day))
                    yield await self._summed(stored, day, made_of, cuts, known)

    async def _summed(
        self,
        stored: Stored[DaySums],
        day: date,
        made_of: tuple[int, ...],
        cuts: Sequence[Cut],
        known: int,
    ) -> Day:
        sums, cells = stored.state, None
        if sums is None or not sums.holds(made_of, cuts):
            cells, made_of = await self._read(day)
            stored.state = sums = sums_of(str(day), cells, cuts, made_of)
            # Refused: another replica has made them. Made of older cells they are seen as such.
            await self._sums.write([stored])
        if sums.known < known:
            return sums
        return (await self._read(day))[0] if cells is None else cells

    async def _read(self, day: date) -> tuple[tuple[Cell, ...], tuple[int, ...]]:
        """The cells of a day, and the version of each part."""
        found = await self._cells.load(_ids(day))
        made_of = tuple(found[id].version if id in found else 0 for id in _ids(day))
        cells = tuple(one.state for one in found.values() if one.state is not None)
        return cells, made_of + RULES

    def _id(self, day: date) -> str:
        return f"{self._book}.{day}"


def _ids(day: date) -> list[str]:
    return [f"{day}.{part:02d}" for part in range(PARTS)]


def _pages(first: date, last: date) -> Iterable[list[date]]:
    while first <= last:
        size = min(_PAGE, (last - first).days + 1)
        yield [first + number * _DAY for number in range(size)]
        first += size * _DAY
