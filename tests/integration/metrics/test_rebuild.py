"""Metrics is killed again and again while hundreds of tickets live; a rebuild says the same."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import AnyEvent
from desk_contracts.events.tickets import Role, TicketCommented, TicketReopened, TicketStarted
from desk_metrics.measures.store import BUCKETS, SUMS, DailySums
from desk_metrics.measures.sums import Cut, DaySums
from desk_metrics.rebuild.commands import Outcome, run
from desk_metrics.rebuild.store import Comparison
from desk_metrics.settings import MetricsSettings
from desk_platform.clock import SystemClock
from desk_platform.settings import Environment, KafkaSettings, StoreSettings
from desk_platform.store import open_store
from desk_testing import eventually
from pydantic import TypeAdapter

from tests.support.metrics_running import Bus, Metrics, Ticket

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

FAR = datetime(2190, 1, 1, tzinfo=UTC)
TICKETS = 300
KILLS = 3


def life(number: int, chance: random.Random) -> list[AnyEvent]:
    """Any life within the last two weeks; some notes come late."""
    at = datetime.now(UTC) - timedelta(days=14) + timedelta(minutes=50 * number)

    def later() -> datetime:
        return at + timedelta(minutes=chance.randint(1, 600))

    ticket = Ticket(f"t-{number:04d}", at, service=chance.choice(["vpn", "mail"]))
    ticket.triaged(at, chance.choice(["P1", "P2", "P3"]))
    for team in chance.choices(["network", "service-care"], k=chance.randint(1, 3)):
        ticket.assigned(later(), team)
    ticket.say(later(), TicketStarted(by="bo"))
    ticket.say(later(), TicketCommented(by="bo", role=Role.MEMBER, text="On it."))
    if chance.random() < 0.8:
        ticket.resolved(at + timedelta(minutes=700))
        if chance.random() < 0.2:
            ticket.say(at + timedelta(days=2), TicketReopened(by="ana", reason="Still."))
    return ticket.events


async def test_after_any_kills_a_rebuild_from_the_log_says_the_same(
    metrics: Metrics, bus: Bus, kafka: str, store_url: str
) -> None:
    chance = random.Random(7)  # noqa: S311
    events = sorted(
        (event for number in range(TICKETS) for event in life(number, chance)),
        key=lambda event: event.time,
    )
    by_ticket = _in_sequence(events)
    for piece in range(KILLS + 1):
        size = len(by_ticket) // KILLS
        part = by_ticket[piece * size : (piece + 1) * size]
        await bus.publish([*part, *chance.sample(part, len(part) // 20)])
        if piece < KILLS:
            await _for_a_moment(metrics, bus, part)
            metrics.kill()
            await metrics.start()
    settings = MetricsSettings(
        environment=Environment.LOCAL,
        kafka=KafkaSettings(bootstrap=kafka),
        store=StoreSettings(url=store_url, database_prefix=bus.prefix),
        topic_prefix=bus.prefix,
        charter=metrics.charter,
    )
    report = await eventually(lambda: _clean(settings), timeout=400, interval=3)
    counts = {comparison.collection: comparison.alike for comparison in report.comparisons}
    assert counts["tickets"] == TICKETS
    assert counts["buckets"] > 100
    assert report.failures == []
    await _sums_agree(settings)
    await _spoil(settings)
    buckets = _of(await run(settings), "buckets")
    assert len(buckets.different) == 1


def _in_sequence(events: list[AnyEvent]) -> list[AnyEvent]:
    """Each ticket's events in its own order, tickets interleaved by the time of theirs."""
    waiting: dict[str, list[AnyEvent]] = {}
    for event in sorted(events, key=lambda item: item.sequence or 0):
        waiting.setdefault(event.subject, []).append(event)
    return [waiting[event.subject].pop(0) for event in events]


async def _for_a_moment(metrics: Metrics, bus: Bus, part: list[AnyEvent]) -> None:
    """Until some of it is handled: a kill before that would prove little."""
    await eventually(lambda: bus.transitions(part[0].subject), timeout=180)
    assert metrics.process is not None


async def _clean(settings: MetricsSettings) -> Outcome:
    """The living may still be at work; that is waited for, and nothing else."""
    outcome = await run(settings)
    assert outcome.moving == 0
    missing = [comparison for comparison in outcome.comparisons if not comparison.is_clean]
    assert not missing, [
        (m.collection, m.different[:3], m.missing[:3], m.surplus[:3]) for m in missing
    ]
    return outcome


def _of(outcome: Outcome, collection: str) -> Comparison:
    return next(
        comparison for comparison in outcome.comparisons if comparison.collection == collection
    )


async def _sums_agree(settings: MetricsSettings) -> None:
    """Sums that lived through the kills, and sums of what was made again: the same bytes."""
    await run(settings, keep=True)
    living, rebuilt = await _sums(settings, "metrics"), await _sums(settings, "metrics-rebuilt")
    assert len(living) > 5
    assert living == rebuilt


async def _sums(settings: MetricsSettings, database: str) -> list[bytes]:
    store = open_store(settings.store, f"{settings.store.database_prefix}{database}")
    now = SystemClock().now
    sums = store.documents(SUMS, now)
    await sums.prepare()
    kept = DailySums("goals", store.documents(BUCKETS, now), sums)
    cuts = [Cut(by="team", measures=("contacts", "met", "breached", "restored"))]
    last = now().date() + timedelta(days=30)
    days = [day async for day in kept.days(last - timedelta(days=90), last, cuts, FAR)]
    await store.stop()
    write = TypeAdapter(DaySums).dump_json
    assert all(isinstance(day, DaySums) for day in days)
    return [write(replace(day, made_of=())) for day in days if isinstance(day, DaySums)]


async def _spoil(settings: MetricsSettings) -> None:
    """One posting is lost from one cell, as a bug would do it."""
    store = open_store(settings.store, f"{settings.store.database_prefix}metrics")
    buckets = store.documents(BUCKETS, SystemClock().now)
    page = await buckets.find({}, limit=50)
    stored = next(
        bucket for bucket in page if bucket.state and len(bucket.state.entries[0].contributions) > 1
    )
    assert stored.state is not None
    first, *rest = stored.state.entries
    broken = first._replace(contributions=first.contributions[1:])
    stored.state = type(stored.state)(stored.state.day, (broken, *rest))
    assert await buckets.write([stored]) == frozenset()
    await store.stop()
