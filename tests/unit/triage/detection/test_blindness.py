"""A detector that is sent samples and cannot judge them is shown by health, and fails no probe."""

import asyncio
from datetime import timedelta

import pytest
from desk_charter import Charter
from desk_platform.clock import FakeClock
from desk_platform.health import Health, State
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.detection.blindness import FEWEST, HEARD_WITHIN, MOST_PAIRS, BlindSpots
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

    await look_once(desk, health, clock)
    (component,) = health.components()
    assert component.name == COMPONENT
    assert component.state is State.DEGRADED
    assert "disk-will-be-full on 1 subjects" in component.reason
    assert not component.is_required
    await desk.feed(*(measured(50, 180 * 13 + number) for number in range(8)))
    await look_once(desk, health, clock)
    assert health.components()[0].state is State.READY


async def test_a_detector_that_is_no_longer_in_the_charter_is_blind_no_more() -> None:
    desk, clock = TriageDesk(), FakeClock(MONDAY)
    health = Health(clock)
    await desk.feed(*(measured(50, 180 * number) for number in range(FEWEST + 3)))
    routing = CHARTER.routing.model_copy(update={"detectors": ()})
    await look_once(desk, health, clock, CHARTER.model_copy(update={"routing": routing}))
    assert health.components()[0].state is State.READY


async def test_what_another_replica_hears_by_now_is_forgotten() -> None:
    """Its partition went away: that it can be judged by now is never heard here."""
    desk, clock = TriageDesk(), FakeClock(MONDAY)
    health = Health(clock)
    await desk.feed(*(measured(50, 180 * number) for number in range(FEWEST + 3)))
    clock.advance(desk.clock.now() - clock.now() + HEARD_WITHIN)
    await look_once(desk, health, clock)
    assert health.components()[0].state is State.DEGRADED
    clock.advance(timedelta(seconds=1))
    await look_once(desk, health, clock)
    assert health.components()[0].state is State.READY


async def look_once(
    desk: TriageDesk, health: Health, clock: FakeClock, charter: Charter = CHARTER
) -> None:
    """What the watch does before it first sleeps."""
    watch = watch_blind_spots(desk.blind_spots, lambda: charter, health, clock)
    watching = asyncio.create_task(watch)
    await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def test_a_million_subjects_need_no_more_room_than_the_bound() -> None:
    spots = BlindSpots()
    forecast = next(each for each in CHARTER.routing.detectors if each.kind == "forecast")
    detector = DETECTORS.kind("forecast")(forecast)
    unjudged = assess(None, measured(50, 0), [detector], at(0))
    for number in range(MOST_PAIRS + 100):
        spots.note(f"laptop-{number}", unjudged, at(0))
    assert len(spots._unjudged) == MOST_PAIRS
