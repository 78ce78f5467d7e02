"""A detector that is sent samples and cannot judge them is shown by health, and fails no probe."""

import asyncio
from datetime import timedelta

import pytest
from desk_platform.clock import FakeClock
from desk_platform.health import Health, State
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.detection.blindness import FEWEST, MOST_PAIRS, BlindSpots
from desk_triage.detection.decide import assess
from desk_triage.detection.worker import COMPONENT, watch_blind_spots

from tests.support.triage_desk import CHARTER, MONDAY, TriageDesk, at, measured


async def test_a_window_that_never_fills_is_shown_with_its_detector() -> None:
    desk = TriageDesk()
    # The forecast wants six samples within six hours; this device reports every three hours.
    await desk.feed(*(measured(50, 180 * number) for number in range(11)))
    assert desk.blind_spots.count() == {}
    await desk.feed(measured(50, 180 * 11))
    assert desk.blind_spots.count() == {"disk-will-be-full": 1}
    await desk.feed(*(measured(50, 180 * 11 + number) for number in range(1, 8)))
    assert desk.blind_spots.count() == {}


async def test_health_names_it_and_stays_ready() -> None:
    desk, clock = TriageDesk(), FakeClock(MONDAY)
    health = Health(clock)
    await desk.feed(*(measured(50, 180 * number) for number in range(FEWEST + 3)))

    async def stop(_pause: timedelta) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await watch_blind_spots(desk.blind_spots, health, stop)
    (component,) = health.components()
    assert component.name == COMPONENT
    assert component.state is State.DEGRADED
    assert "disk-will-be-full on 1 subjects" in component.reason
    assert not component.is_required
    await desk.feed(*(measured(50, 180 * 13 + number) for number in range(8)))
    with pytest.raises(asyncio.CancelledError):
        await watch_blind_spots(desk.blind_spots, health, stop)
    assert health.components()[0].state is State.READY


def test_a_million_subjects_need_no_more_room_than_the_bound() -> None:
    spots = BlindSpots()
    forecast = next(each for each in CHARTER.routing.detectors if each.kind == "forecast")
    detector = DETECTORS.kind("forecast")(forecast)
    unjudged = assess(None, measured(50, 0), [detector], at(0))
    for number in range(MOST_PAIRS + 100):
        spots.note(f"laptop-{number}", unjudged)
    assert len(spots._unjudged) == MOST_PAIRS
