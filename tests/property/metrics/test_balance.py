"""What a cell left in the backlog stands for the whole cell, whatever is asked of later days."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from desk_metrics.measures.balance import balance_of, read, written
from desk_metrics.measures.contributions import Posting, Slice
from desk_metrics.measures.flow import ARRIVALS, DEPARTURES
from desk_metrics.measures.rollups import Cell, Entry
from desk_metrics.measures.store import CELLS, cells_between, days
from desk_metrics.measures.totals import Reckoning, Totals, spans_of
from desk_metrics.sla.worktime import instant, micros
from desk_shared.clock import FakeClock
from desk_shared.store import Stored
from desk_shared.testing.fakes import FakeDocuments
from hypothesis import given
from hypothesis import strategies as st

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR_US = 3_600_000_000


@st.composite
def postings(draw: st.DrawFn) -> Posting:
    at = micros(BEGAN) + draw(st.integers(0, 9 * 24)) * HOUR_US
    return Posting(
        draw(st.sampled_from((ARRIVALS, DEPARTURES, "contacts"))),
        at,
        at + draw(st.sampled_from((0, 0, 1, 60, 200))) * HOUR_US,
        draw(st.sampled_from((1, 1, -1))),
        draw(st.integers(0, 100)) * HOUR_US,
    )


@st.composite
def entries(draw: st.DrawFn) -> tuple[Slice, list[Posting]]:
    kind, team = draw(st.sampled_from(("incident", "request"))), draw(st.sampled_from(("a", "b")))
    return Slice(kind, "vpn", team, "", "ana"), draw(st.lists(postings(), max_size=6))


def cells(told: list[tuple[Slice, list[Posting]]]) -> list[Cell]:
    """The cell of each day, as the fold would fill it."""
    flat = [
        (posting.day, f"t{number}", by, posting)
        for number, (by, found) in enumerate(told)
        for posting in found
    ]
    flat.sort(key=lambda one: one[:2])
    found = []
    for day, of_day in groupby(flat, key=lambda one: one[0]):
        by_source = groupby(of_day, key=lambda one: (one[1], one[2]))
        sheets = (
            Entry(source, 1, by, tuple(one[3] for one in lines))
            for (source, by), lines in by_source
        )
        found.append(Cell(day, tuple(sheets)))
    return found


async def _reckoned(
    told: list[Cell], first: date, last: date, as_of: datetime, by: str, *, whole: bool
) -> dict[tuple[datetime, str], Totals]:
    documents = FakeDocuments(CELLS, FakeClock(BEGAN))
    await documents.write([Stored(f"{one.day}.00", state=one) for one in told])
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY
    reckoning = Reckoning(tuple(spans_of(start, end, 1, as_of)), by)
    if whole:
        async for cell in cells_between(documents, date(1970, 1, 1), last):
            reckoning.add(cell)
    else:
        async for one in days(documents, first, last, as_of):
            reckoning.take(one)
    return {(instant(span.start), name): one for (span, name), one in reckoning.totals().items()}


@given(
    told=st.lists(entries(), max_size=8),
    first=st.integers(0, 9),
    length=st.integers(0, 3),
    known=st.integers(0, 20 * 24),
    by=st.sampled_from(("", "kind", "team")),
)
def test_balances_and_whole_cells_reckon_the_same(
    told: list[tuple[Slice, list[Posting]]], first: int, length: int, known: int, by: str
) -> None:
    days_asked = (BEGAN + first * DAY).date(), (BEGAN + (first + length) * DAY).date()
    as_of = BEGAN + timedelta(hours=known)

    async def both() -> None:
        quick = await _reckoned(cells(told), *days_asked, as_of, by, whole=False)
        slow = await _reckoned(cells(told), *days_asked, as_of, by, whole=True)
        silent = [key for key in slow.keys() ^ quick.keys() if slow.get(key, quick.get(key))]
        for key in (*silent, *(slow.keys() & quick.keys())):
            assert quick.get(key, Totals()) == slow.get(key, Totals())

    asyncio.run(both())


@given(told=st.lists(entries(), max_size=8))
def test_a_balance_comes_back_from_its_text(told: list[tuple[Slice, list[Posting]]]) -> None:
    for cell in cells(told):
        assert read(written(balance_of(cell))) == balance_of(cell)
