"""What a service may not be put together without."""

from dataclasses import replace
from pathlib import Path

import pytest
from desk_charter import CharterSource
from desk_charter.desk import Desk, obey_charter
from desk_contracts.names import SIGNALS, TELEMETRY, TICKETS
from desk_local.paths import ROOT
from desk_platform.clock import FakeClock
from desk_platform.kafka import Projection
from desk_platform.kafka.timer_stops import AllPartitions, NothingUnread, OwnPartition, Stops
from desk_platform.service import Service, Subscription, Web
from desk_platform.settings import Environment, ServiceSettings
from desk_testing.telemetry import record_telemetry

from tests.support.bus_desk import STORIES, Story
from tests.support.intake_world import MONDAY


def compose(_desk: Desk, _settings: ServiceSettings) -> Web:
    """Nothing: each test composes what it is about."""
    return Web([])


def table(*subscriptions: Subscription) -> Service[ServiceSettings, CharterSource]:
    return Service(
        "triage", ServiceSettings, collections=(STORIES,), subscriptions=subscriptions,
        organisation=obey_charter(), compose=compose,
    )  # fmt: skip


def builder_of(*subscriptions: Subscription) -> Desk:
    settings = ServiceSettings(environment=Environment.LOCAL, charter=Path(ROOT / "charter"))
    telemetry = record_telemetry().telemetry
    return Desk(table(*subscriptions), settings, FakeClock(MONDAY), telemetry)


def waking(builder: Desk) -> Projection[Story]:
    """A fold with timers."""
    return Projection(
        builder.documents(STORIES),
        on_timer=lambda _state, _context: None,
    )


def test_nobody_has_timers_without_saying_what_could_still_stop_them() -> None:
    builder = builder_of()
    with pytest.raises(ValueError, match="what could still stop them"):
        builder.unit_of_work("stories", waking(builder))


@pytest.mark.parametrize(
    "stops",
    [OwnPartition(TELEMETRY), AllPartitions((TICKETS, SIGNALS)), NothingUnread("it says nothing")],
)
async def test_with_it_said_they_run(stops: Stops) -> None:
    builder = builder_of(Subscription((TELEMETRY, TICKETS, SIGNALS), to=("stories",)))
    builder.unit_of_work("stories", waking(builder), stops=stops)
    assert "timers stories" in builder.assemble(Web([])).jobs


async def test_timers_that_wait_for_what_nobody_reads_are_refused() -> None:
    builder = builder_of(Subscription((TICKETS,), to=("stories",)))
    builder.unit_of_work("stories", waking(builder), stops=AllPartitions((TICKETS, SIGNALS)))
    with pytest.raises(ValueError, match=r"nobody reads: \['desk.signals"):
        builder.assemble(Web([]))


async def test_a_subscription_names_what_there_is() -> None:
    builder = builder_of(Subscription((TICKETS,), to=("stories", "tales")))
    builder.unit_of_work("stories", Projection(builder.documents(STORIES)))
    with pytest.raises(ValueError, match="nothing in triage is called tales"):
        builder.assemble(Web([]))


def test_a_collection_stands_in_the_table() -> None:
    builder = builder_of()
    with pytest.raises(ValueError, match="no collection others"):
        builder.documents(replace(STORIES, collection="others"))


async def test_a_topic_s_writers_are_listened_to_once() -> None:
    builder = builder_of()
    builder.watermarks(TICKETS)
    builder.watermarks_of_all((TICKETS,))
    listening = [name for name in builder._jobs if name.startswith("writers of")]
    assert listening == [f"writers of {TICKETS}"]


async def test_parts_are_opened_before_anything_is_read() -> None:
    builder = builder_of(Subscription((TICKETS,), to=("stories",)))
    commands = builder.commands(
        builder.unit_of_work("stories", Projection(builder.documents(STORIES)))
    )
    assembled = builder.assemble(Web([]))
    assert [name for name, _ in assembled.lifetimes] == [
        "store",
        "store as new as the brokers",
        "bus",
        "sign-in client",
        "published outboxes stories",
        "commands stories",
    ]
    consumers = [name for name, _ in assembled.consumers]
    assert consumers == ["consumer triage", "consumer triage.retry"]
    await commands.finish()
