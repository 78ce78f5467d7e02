"""What a service may not be put together without."""

from pathlib import Path

import pytest
from desk_shared.bus import Folding
from desk_shared.bus.producer import KafkaPublisher
from desk_shared.clock import FakeClock
from desk_shared.events.names import ACTION_RESULTS, CHANGES, REQUESTS, TELEMETRY, TICKETS
from desk_shared.health import Health
from desk_shared.kit import Kit
from desk_shared.local.places import ROOT
from desk_shared.settings import Environment, ServiceSettings
from desk_shared.store import Store
from desk_shared.telemetry.testing import recorded_telemetry

from tests.unit.intake.world import MONDAY


@pytest.fixture
def kit() -> Kit:
    settings = ServiceSettings(environment=Environment.LOCAL, charter=Path(ROOT / "charter"))
    clock = FakeClock(MONDAY)
    return Kit(
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
    kit: Kit, topic: str
) -> None:
    with pytest.raises(ValueError, match="who they are"):
        kit.reads(TICKETS, topic, handler=Folding())


async def test_with_the_charter_open_topics_are_read(kit: Kit) -> None:
    kit.charter()
    kit.reads(TELEMETRY, handler=Folding())
    kit.reads(TICKETS, handler=Folding(), lane="own")
