"""One desk for each test, one charter for all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_charter import Charter, load_charter
from desk_contracts.names import TICKETS

from tests.support.intake_world import Desk, Story, make_desk


@pytest.fixture(scope="session")
def charter() -> Charter:
    return load_charter(Path(__file__).parents[3] / "charter")


@pytest.fixture
def story() -> Story:
    return Story.begin()


@pytest.fixture
async def desk(charter: Charter) -> AsyncIterator[Desk]:
    """Whatever a test does, every ticket's log has no gap and folds to what is stored."""
    made = make_desk(charter)
    yield made
    for id in {event.subject for event in made.publisher.events() if event.topic == TICKETS}:
        await made.check(id)
