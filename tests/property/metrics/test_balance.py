"""What a bucket left in the backlog stands for all of it, whatever is asked of later days."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from desk_metrics.measures.balance import balance_of, read_balance, write_balance
from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.flow import ARRIVALS, DEPARTURES
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.measures.store import BUCKETS, days, read_buckets
from desk_metrics.measures.totals import Totals, TotalsQuery, spans_of
from desk_metrics.sla.worktime import instant, micros
from desk_platform.clock import FakeClock
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from hypothesis import given
from hypothesis import strategies as st

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR_US = 3_600_000_000


@st.composite
def contributions(draw: st.DrawFn) -> Contribution:
    at = micros(BEGAN) + draw(st.integers(0, 9 * 24)) * HOUR_US
    return Contribution(
        draw(st.sampled_from((ARRIVALS, DEPARTURES, "contacts"))),
        at,
        at + draw(st.sampled_from((0, 0, 1, 60, 200))) * HOUR_US,
        draw(st.sampled_from((1, 1, -1))),
        draw(st.integers(0, 100)) * HOUR_US,
    )


@st.composite
def entries(draw: st.DrawFn) -> tuple[Slice, list[Contribution]]:
    kind, team = draw(st.sampled_from(("incident", "request"))), draw(st.sampled_from(("a", "b")))
    return Slice(kind, "vpn", team, "", "ana"), draw(st.lists(contributions(), max_size=6))


def buckets(tickets: list[tuple[Slice, list[Contribution]]]) -> list[Bucket]:
    """The bucket of each day, as the fold would fill it."""
    flat = [
        (contribution.day, f"t{number}", by, contribution)
        for number, (by, gathered) in enumerate(tickets)
        for contribution in gathered
    ]
    flat.sort(key=lambda row: row[:2])
    gathered = []
    for day, of_day in groupby(flat, key=lambda row: row[0]):
        by_source = groupby(of_day, key=lambda row: (row[1], row[2]))
        contribution_sets = (
            Entry(source, 1, by, tuple(line[3] for line in lines))
            for (source, by), lines in by_source
        )
        gathered.append(Bucket(day, tuple(contribution_sets)))
    return gathered


async def _reckoned(
    stored_buckets: list[Bucket], first: date, last: date, as_of: datetime, by: str, *, whole: bool
) -> dict[tuple[datetime, str], Totals]:
    documents = FakeDocuments(BUCKETS, FakeClock(BEGAN))
    await documents.write([Stored(f"{item.day}.00", state=item) for item in stored_buckets])
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY
    totals_query = TotalsQuery(tuple(spans_of(start, end, 1, as_of)), by)
    if whole:
        async for bucket in read_buckets(documents, date(1970, 1, 1), last):
            totals_query.add(bucket)
    else:
        async for item in days(documents, first, last, as_of):
            totals_query.take(item)
    return {
        (instant(span.start), name): sums for (span, name), sums in totals_query.totals().items()
    }


@given(
    tickets=st.lists(entries(), max_size=8),
    first=st.integers(0, 9),
    length=st.integers(0, 3),
    hours=st.integers(0, 20 * 24),
    by=st.sampled_from(("", "kind", "team")),
)
def test_balances_and_whole_buckets_give_the_same_totals(
    tickets: list[tuple[Slice, list[Contribution]]], first: int, length: int, hours: int, by: str
) -> None:
    days_asked = (BEGAN + first * DAY).date(), (BEGAN + (first + length) * DAY).date()
    as_of = BEGAN + timedelta(hours=hours)

    async def both() -> None:
        quick = await _reckoned(buckets(tickets), *days_asked, as_of, by, whole=False)
        slow = await _reckoned(buckets(tickets), *days_asked, as_of, by, whole=True)
        silent = [key for key in slow.keys() ^ quick.keys() if slow.get(key, quick.get(key))]
        for key in (*silent, *(slow.keys() & quick.keys())):
            assert quick.get(key, Totals()) == slow.get(key, Totals())

    asyncio.run(both())


@given(tickets=st.lists(entries(), max_size=8))
def test_a_balance_comes_back_from_its_text(
    tickets: list[tuple[Slice, list[Contribution]]],
) -> None:
    for bucket in buckets(tickets):
        assert read_balance(write_balance(balance_of(bucket))) == balance_of(bucket)
