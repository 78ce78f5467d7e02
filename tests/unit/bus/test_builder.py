"""What a service may not be put together without."""

from pathlib import Path

import pytest
from desk_shared.builder import ServiceBuilder
from desk_shared.bus import BatchProcessor, Projection
from desk_shared.bus.producer import KafkaPublisher
from desk_shared.bus.stops import AllPartitions, NothingUnread, OwnPartition, Stops
from desk_shared.clock import FakeClock
from desk_shared.events.names import ACTION_RESULTS, CHANGES, REQUESTS, SIGNALS, TELEMETRY, TICKETS
from desk_shared.health import Health
from desk_shared.local.places import ROOT
from desk_shared.settings import Environment, ServiceSettings
from desk_shared.store import Store
from desk_shared.telemetry.testing import recorded_telemetry
from fastapi import FastAPI

from tests.unit.bus.desk import STORIES, Story
from tests.unit.intake.world import MONDAY


@pytest.fixture
def builder() -> ServiceBuilder:
    settings = ServiceSettings(environment=Environment.LOCAL, charter=Path(ROOT / "charter"))
    clock = FakeClock(MONDAY)
    return ServiceBuilder(
        name="triage",
        settings=settings,
        clock=clock,
        health=Health(clock),
        telemetry=recorded_telemetry().telemetry,
        store=Store(settings.store, "kit-tests"),
        publisher=KafkaPublisher(settings.kafka, "kit-tests"),
    )


@pytest.mark.parametrize("topic", [REQUESTS, TELEMETRY, CHANGES, ACTION_RESULTS])
def test_nobody_reads_what_outsiders_write_without_asking_who_they_are(
    builder: ServiceBuilder, topic: str
) -> None:
    with pytest.raises(ValueError, match="who they are"):
        builder.reads(TICKETS, topic, handler=BatchProcessor())


def waking(builder: ServiceBuilder) -> Projection[Story]:
    """A fold with timers."""
    return Projection(
        builder.documents(STORIES),
        wake=lambda _state, _context: None,
    )


def test_nobody_has_timers_without_saying_what_could_still_stop_them(
    builder: ServiceBuilder,
) -> None:
    with pytest.raises(ValueError, match="what could still stop them"):
        builder.unit_of_work("stories", waking(builder))


@pytest.mark.parametrize(
    "stops",
    [OwnPartition(TELEMETRY), AllPartitions((TICKETS, SIGNALS)), NothingUnread("it says nothing")],
)
async def test_with_it_said_they_run(builder: ServiceBuilder, stops: Stops) -> None:
    builder.charter()
    builder.unit_of_work("stories", waking(builder), stops=stops)
    builder.reads(TELEMETRY, TICKETS, SIGNALS)
    assert "timers stories" in {name for name, _ in builder.service(FastAPI()).loops}


def test_timers_that_wait_for_what_nobody_reads_are_refused(builder: ServiceBuilder) -> None:
    builder.charter()
    builder.unit_of_work("stories", waking(builder), stops=AllPartitions((TICKETS, SIGNALS)))
    builder.reads(TICKETS)
    with pytest.raises(ValueError, match=r"nobody reads: \['desk.signals"):
        builder.service(FastAPI())


async def test_a_topic_s_writers_are_listened_to_once(builder: ServiceBuilder) -> None:
    builder.watermarks(TICKETS)
    builder.watermarks_of_all((TICKETS,))
    assert [name for name, _ in builder._loops] == [f"writers of {TICKETS}"]


async def test_with_the_charter_open_topics_are_read(builder: ServiceBuilder) -> None:
    builder.charter()
    builder.reads(TELEMETRY, handler=BatchProcessor())
    builder.reads(TICKETS, handler=BatchProcessor(), lane="own")
