"""Sums of days stand for the buckets: the same figures, in any order, after any change, by whoever
made them; and the same bytes as sums from scratch.
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from desk_contracts.events.reports import ServiceRanked
from desk_metrics.measures.contributions import Contribution, Slice, Where
from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.gauges import GAUGES
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.measures.sources import sources_of
from desk_metrics.measures.store import BUCKETS, SUMS, DailySums
from desk_metrics.measures.sums import Cut, DaySums, sums_of
from desk_metrics.measures.totals import QuerySpan, TotalsQuery
from desk_metrics.planning.charter import GoalMeasure
from desk_metrics.planning.goal_weeks import GoalWeeks, People, list_goal_weeks
from desk_metrics.planning.model import GoalFigures, MeasuredGoal
from desk_metrics.reports.causes import SIGNS, Causes, Service
from desk_metrics.reports.decide import rank_services
from desk_metrics.reports.periods import ReportPeriod
from desk_metrics.reports.store import days_of
from desk_metrics.sla.worktime import micros
from desk_platform.clock import FakeClock
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
DAY, HOUR_US = timedelta(days=1), 3_600_000_000
DAYS = 60
POSTED = (
    "acknowledged", "arrivals", "broken:resolution", "contacts", "demand|crm", "departures",
    "foreseen", "escalated", "healed", "kept:response", "lost", "prevented", "proactive",
    "relapsed", "reopened", "resolved", "resolved_at_once", "restored", "seen_too_late",
    "self_served", "survey:2", "survey:5", "obsolete_reported", "demand_requested",
)  # fmt: skip
MEASURES = (*get_args(GoalMeasure), *(figure for _, figure, _, _ in GAUGES))

Tickets = list[tuple[Slice, list[Contribution]]]


@st.composite
def contributions(draw: st.DrawFn) -> Contribution:
    at = micros(BEGAN) + draw(st.integers(0, DAYS * 24 - 1)) * HOUR_US
    measure = draw(st.sampled_from(POSTED))
    return Contribution(
        measure,
        at,
        at + draw(st.sampled_from((0, 0, 1, 60, 200))) * HOUR_US,
        # Fewer happy people than none have no quotient.
        1 if measure.startswith("survey") else draw(st.sampled_from((1, 1, -1))),
        draw(st.integers(0, 100)) * HOUR_US,
    )


slices = st.builds(
    Slice, st.sampled_from(("incident", "request")), st.sampled_from(("vpn", "crm", "")),
    st.sampled_from(("a", "b")), st.just(""), st.sampled_from(("ana", "ben")),
)  # fmt: skip
stories: st.SearchStrategy[Tickets] = st.lists(
    st.tuples(slices, st.lists(contributions(), min_size=1, max_size=12)), min_size=1, max_size=6
)


def entries_of(tickets: Tickets) -> list[tuple[str, Entry]]:
    """Which bucket gets which entry, as tickets tell it."""
    by_bucket: dict[tuple[str, int], list[Contribution]] = {}
    for number, (_, published) in enumerate(tickets):
        for item in published:
            by_bucket.setdefault((f"{item.day}.{number % 3:02d}", number), []).append(item)
    return [
        (id, Entry(f"t{number}", 1, tickets[number][0], tuple(sorted(published))))
        for (id, number), published in by_bucket.items()
    ]


class Shelf:
    """Buckets that change, and the sums that are kept of them."""

    def __init__(self) -> None:
        clock = FakeClock(BEGAN)
        self.buckets = FakeDocuments(BUCKETS, clock)
        self.sums = FakeDocuments(SUMS, clock)

    async def put(self, id: str, entry: Entry) -> None:
        stored = (await self.buckets.load([id])).get(id) or Stored(id)
        bucket = (stored.state or Bucket(id[:10])).with_entry(entry)
        if bucket is not stored.state:
            stored.state = bucket
            assert not await self.buckets.write([stored])

    async def all_buckets(self) -> list[Bucket]:
        return [item.state for item in await self.buckets.find({}, limit=10_000) if item.state]


def day_at(number: int) -> date:
    return (BEGAN + number * DAY).date()


def goals(names: Iterable[str]) -> list[MeasuredGoal]:
    return [
        MeasuredGoal(
            name, name, name, Where(teams=("a",) if number % 2 else ()), wants_less=True,
            factor=0.5, value=None, first=day_at(2), last=day_at(20), due=day_at(50 + number),
        )
        for number, name in enumerate(names)
    ]  # fmt: skip


async def seen(shelf: Shelf, wanted: list[MeasuredGoal], now: datetime) -> list[GoalFigures]:
    """As the report of goals asks."""
    weeks = list_goal_weeks(wanted, day_at(0), now)
    whole = {day for item in weeks for day in item.whole}
    since = min(item.since for item in weeks)
    kept = DailySums("goals", shelf.buckets, shelf.sums)
    async for day in kept.days(since, now.date(), [item.cut for item in weeks], now, whole):
        for item in weeks:
            _taken(item, day)
    return [item.seen(People(100, 2.0)) for item in weeks]


def _taken(query: GoalWeeks | Causes, day: DaySums | tuple[Bucket, ...]) -> None:
    if isinstance(day, DaySums):
        query.take(day)
    else:
        for bucket in day:
            query.add(bucket)


def from_scratch(
    buckets: Iterable[Bucket], wanted: list[MeasuredGoal], now: datetime
) -> list[GoalFigures]:
    weeks = list_goal_weeks(wanted, day_at(0), now)
    for bucket in buckets:
        for item in weeks:
            item.add(bucket)
    return [item.seen(People(100, 2.0)) for item in weeks]


@settings(deadline=None, max_examples=25)
@given(
    stories,
    st.lists(st.sampled_from(get_args(GoalMeasure)), min_size=1, max_size=4),
    st.lists(st.integers(0, 80 * 24), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_goals_read_from_sums_what_buckets_say_whenever_somebody_looked(
    tickets: Tickets, measures: list[str], looks: list[int], chance: random.Random
) -> None:
    """Looks come between the changes, with other goals and other moments each time."""

    async def all_of_it() -> None:
        shelf, changes = Shelf(), entries_of(tickets)
        again = [(id, replace_revision(entry)) for id, entry in changes if chance.random() < 0.3]
        every = [*changes, *changes, *again]
        chance.shuffle(every)
        for place, look in enumerate(looks):
            for id, entry in every[place :: len(looks)]:
                await shelf.put(id, entry)
            now = BEGAN + timedelta(hours=look)
            wanted = goals(chance.sample(measures, chance.randint(1, len(measures))))
            whole = from_scratch(await shelf.all_buckets(), wanted, now)
            assert await seen(shelf, wanted, now) == whole
            assert await seen(shelf, wanted, now) == whole

    asyncio.run(all_of_it())


def replace_revision(entry: Entry) -> Entry:
    """A later word of the same source: it says less."""
    return entry._replace(revision=2, contributions=entry.contributions[1:])


@settings(deadline=None, max_examples=25)
@given(stories, st.randoms(use_true_random=False))
def test_sums_have_the_same_bytes_in_any_order(tickets: Tickets, chance: random.Random) -> None:
    """So a rebuild, whose buckets are the same, makes the same sums."""
    cuts = [Cut(by="team", measures=sources_of(MEASURES)), SIGNS, Cut(Where(services=("vpn",)))]
    write = TypeAdapter(DaySums).dump_json

    async def kept(order: list[tuple[str, Entry]], looks: int) -> list[bytes]:
        shelf, written = Shelf(), list[bytes]()
        for place in range(looks):
            for id, entry in order[place::looks]:
                await shelf.put(id, entry)
            book = DailySums("any", shelf.buckets, shelf.sums)
            async for _ in book.days(day_at(0), day_at(DAYS), cuts, BEGAN + 99 * DAY):
                pass
        for item in await shelf.sums.find({}, limit=1000):
            assert item.state is not None
            written.append(write(replace(item.state, made_of=())))
        return written

    async def both() -> None:
        changes = entries_of(tickets)
        once = await kept(changes, 1)
        again = [*changes, *changes]
        chance.shuffle(again)
        assert await kept(again, chance.randint(1, 4)) == once

    asyncio.run(both())


@settings(deadline=None, max_examples=50)
@given(stories, st.integers(1, DAYS), st.integers(0, 99 * 24))
def test_every_figure_asked_for_can_be_told_from_sums(
    tickets: Tickets, days: int, hours: int
) -> None:
    span = QuerySpan(micros(BEGAN), micros(BEGAN + days * DAY), micros(BEGAN + hours * DAY / 24))
    buckets: dict[str, Bucket] = {}
    for id, entry in entries_of(tickets):
        buckets[id] = buckets.get(id, Bucket(id[:10])).with_entry(entry)
    whole, summed = TotalsQuery([span], "team"), TotalsQuery([span], "team")
    for bucket in buckets.values():
        whole.add(bucket)
    cut = Cut(by="team", measures=sources_of(MEASURES))
    for day in sorted({bucket.day for bucket in buckets.values()}):
        of_day = [bucket for bucket in buckets.values() if bucket.day == day]
        sums = sums_of(day, of_day, [cut])
        if sums.known_from < span.as_of:
            summed.take_day(sums.start, sums.cuts[cut.key])
        else:
            for bucket in of_day:
                summed.add(bucket)
    expected, actual = whole.totals(), summed.totals()
    for key in expected.keys() | actual.keys():
        slow = figures_of(expected[key], span, 9, 2) if key in expected else None
        fast = figures_of(actual[key], span, 9, 2) if key in actual else None
        for name in MEASURES:
            empty = slow is None or fast is None
            assert (not (slow or fast or {})[name]) if empty else fast[name] == slow[name]  # type: ignore[index]


# Days 49 to 55: those before day 21 and some after day 57 are known by their sums alone.
PERIOD = ReportPeriod(
    "2026-W17", datetime(2026, 4, 20, tzinfo=UTC), datetime(2026, 4, 27, tzinfo=UTC)
)
SERVICES = tuple(Service(name, name, "network") for name in ("vpn", "crm", "erp"))


@pytest.mark.parametrize("years", [0, 2])
@settings(deadline=None, max_examples=25)
@given(tickets=stories, hours=st.integers(57 * 24, 300 * 24))
def test_causes_say_of_their_reach_what_all_of_history_says(
    tickets: Tickets, hours: int, years: int
) -> None:
    """Something from two years ago changes nothing; quiet is only told up to 400 days."""
    as_of = BEGAN + timedelta(hours=hours)
    at = micros(BEGAN - years * 365 * DAY)
    once = [(by, [item._replace(weight=1) for item in published]) for by, published in tickets]
    once.append((Slice("incident", "erp"), [Contribution("contacts", at, at)]))

    async def all_of_it() -> None:
        shelf = Shelf()
        for id, entry in entries_of(once):
            await shelf.put(id, entry)
        slow = Causes(PERIOD, as_of, SERVICES)
        for bucket in await shelf.all_buckets():
            slow.add(bucket)
        assert ranking(await reached(shelf, as_of), as_of) == ranking(slow, as_of)

    asyncio.run(all_of_it())


async def reached(shelf: Shelf, as_of: datetime) -> Causes:
    """As the report of systems asks."""
    causes = Causes(PERIOD, as_of, SERVICES)
    async for day in days_of(causes, shelf.buckets, shelf.sums):
        _taken(causes, day)
    return causes


def ranking(causes: Causes, as_of: datetime) -> list[ServiceRanked]:
    statuses = causes.rank(SERVICES, {})
    capped = [
        statuse._replace(quiet_days=min(400, int(statuse.quiet_days))) for statuse in statuses
    ]
    return rank_services(capped, PERIOD, as_of, "v1")
