"""Whatever the bus does to what tickets post, the days end with the same bytes."""

import asyncio
import random
from datetime import timedelta

from desk_contracts import AnyEvent
from desk_contracts.events.tickets import How
from desk_metrics.measures.decide import decide_ticket, record_event
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import BUCKETS
from desk_metrics.measures.worker import buckets_projection
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_platform.clock import FakeClock
from desk_platform.kafka import UnitOfWork
from desk_platform.kafka.batch_processor import BatchProcessor
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.support.metrics_desk import received
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story, at, book, policy

METERS = record_telemetry().telemetry.meters
POLICIES: PolicyBook = book(policy(minutes=60))
BYTES = TypeAdapter(Bucket)


def _posted() -> list[AnyEvent]:
    """Everything that three lives post, revision by revision, living through them."""
    lives = (
        Story("09:00").assigned("09:10", "mail").resolved("10:00").reopened("2026-11-25 09:00"),
        Story("09:30").assigned("11:10", "network").resolved("2026-11-24 10:00", How.AUTOMATION),
        Story("10:30").answered("11:00").assigned("10:45", "mail").merged("2026-11-25 12:00"),
    )
    published: list[AnyEvent] = []
    for number, life in enumerate(lives):
        events = second(life, f"ticket-{number}")
        record = TicketRecord(TicketClocks(f"ticket-{number}"))
        for event in events:
            decision = decide_ticket(
                record_event(record, event), POLICIES, event.time + timedelta(hours=2)
            )
            record = decision.state
            published += (
                item
                for item in decision.events
                if item.type.startswith("desk.metrics.contributions")
            )
    return published


POSTED = _posted()


async def _projection(events: list[AnyEvent], batch: int) -> dict[str, bytes]:
    clock = FakeClock(at("2026-11-30 09:00"))
    documents = FakeDocuments(BUCKETS, clock)
    unit_of_work = UnitOfWork(buckets_projection(documents), FakePublisher(), clock, METERS)

    async def on_failed(failures: object) -> None:
        assert not failures

    records = [received(event, offset) for offset, event in enumerate(events)]
    for start in range(0, len(records), batch):
        await BatchProcessor(unit_of_work).handle(records[start : start + batch], on_failed)
    stored = await documents.find({}, limit=1000)
    return {item.id: BYTES.dump_json(item.state) for item in stored if item.state is not None}


IN_ORDER = asyncio.run(_projection(POSTED, 1000))


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 40), st.integers(1, 30))
def test_repeats_and_any_order_give_the_same_bytes(
    chance: random.Random, repeats: int, batch: int
) -> None:
    events = [*POSTED, *chance.choices(POSTED, k=repeats)]
    chance.shuffle(events)
    assert asyncio.run(_projection(events, batch)) == IN_ORDER


def test_the_lives_post_corrections_and_move_between_teams() -> None:
    """What is shuffled above is worth shuffling."""
    assert len(POSTED) > len(IN_ORDER) > 3
    assert b"-1" in b"".join(IN_ORDER.values())
