"""Health: three questions, three different answers."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from desk_platform.clock import FakeClock
from desk_platform.health import Health, Progress, State, health_router
from fastapi import FastAPI

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def health(clock: FakeClock) -> Health:
    health = Health(clock)
    health.expect("store")
    health.expect("directory", required=False)
    return health


@pytest.fixture
def progress(health: Health) -> Progress:
    progress = health.consumer("desk.tickets")
    progress.mark_assignment(3)
    return progress


def test_a_service_is_neither_started_nor_ready_before_its_dependencies(health: Health) -> None:
    assert health.answer_startup().reasons == ("store is starting: not started yet",)
    assert not health.answer_ready().is_ok
    assert health.answer_live().is_ok


def test_what_is_only_liked_to_be_there_fails_no_probe(health: Health) -> None:
    health.mark("store", State.READY)
    health.mark("directory", State.DOWN, "no answer")
    assert health.answer_startup().is_ok
    assert health.answer_ready().is_ok


def test_a_dependency_that_goes_away_ends_ready_but_not_live_or_started(health: Health) -> None:
    health.mark("store", State.READY)
    health.mark("store", State.DOWN, "MongoDB does not answer")
    assert health.answer_ready().reasons == ("store is down: MongoDB does not answer",)
    assert health.answer_live().is_ok
    assert health.answer_startup().is_ok


def test_degraded_still_serves(health: Health) -> None:
    health.mark("store", State.DEGRADED, "slow")
    assert health.answer_ready().is_ok
    assert health.answer_startup().is_ok


def test_since_moves_only_when_the_state_does(health: Health, clock: FakeClock) -> None:
    health.mark("store", State.DOWN, "first reason")
    clock.advance(timedelta(seconds=5))
    health.mark("store", State.DOWN, "second reason")
    [store] = [component for component in health.components() if component.name == "store"]
    assert (store.since, store.reason) == (START, "second reason")
    health.mark("store", State.READY)
    [store] = [component for component in health.components() if component.name == "store"]
    assert store.since == START + timedelta(seconds=5)


def test_a_stopping_service_is_not_ready_but_lives(health: Health) -> None:
    health.mark("store", State.READY)
    health.drain()
    assert health.answer_ready().reasons == ("the service is stopping",)
    assert health.answer_live().is_ok


def test_a_loop_that_stands_still_is_not_alive(health: Health, clock: FakeClock) -> None:
    health.tick()
    clock.advance(timedelta(seconds=11))
    assert health.answer_live().reasons == ("the event loop has not turned for 11 s",)
    health.tick()
    assert health.answer_live().is_ok


def test_a_consumer_that_stops_polling_is_not_alive(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    clock.advance(timedelta(seconds=91))
    assert health.answer_live().reasons == ("desk.tickets has not polled for 91 s",)
    progress.mark_poll()
    assert health.answer_live().is_ok


def test_a_consumer_behind_that_commits_nothing_is_not_alive(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    progress.mark_lag(7)
    for _ in range(6):
        clock.advance(timedelta(minutes=1))
        progress.mark_poll()
        progress.mark_lag(7)
    [reason] = health.answer_live().reasons
    assert reason == "desk.tickets is 7 records behind and committed nothing for 360 s"
    progress.mark_commit()
    assert health.answer_live().is_ok


def test_records_of_a_topic_that_was_replaced_are_shown_and_are_no_stall(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    progress.mark_lag(0, halted=24)
    for _ in range(9):
        clock.advance(timedelta(minutes=1))
        progress.mark_poll()
        progress.mark_lag(0, halted=24)
    assert health.answer_live().is_ok
    assert (progress.lag, progress.halted) == (0, 24)


def test_an_idle_topic_is_no_stall_and_its_first_record_gets_its_time(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    clock.advance(timedelta(hours=3))
    progress.mark_poll()
    assert health.answer_live().is_ok
    progress.mark_lag(1)
    assert health.answer_live().is_ok


def test_a_member_without_partitions_is_alive(health: Health, clock: FakeClock) -> None:
    health.consumer("spare")
    clock.advance(timedelta(hours=1))
    assert health.answer_live().is_ok


def test_a_consumer_paused_on_purpose_is_alive_and_starts_anew_after(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    progress.mark_lag(5)
    progress.pause("the store is away")
    clock.advance(timedelta(hours=1))
    assert health.answer_live().is_ok
    progress.resume()
    assert health.answer_live().is_ok


async def test_probes_answer_with_reasons_and_components(health: Health) -> None:
    app = FastAPI()
    app.include_router(health_router(health))
    health.consumer("desk.tickets")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["reasons"] == ["store is starting: not started yet"]
        assert [item["name"] for item in ready.json()["components"]] == ["store", "directory"]
        assert [item["name"] for item in ready.json()["consumers"]] == ["desk.tickets"]
        assert (await client.get("/health/startup")).status_code == 503
        live = await client.get("/health/live")
        assert (live.status_code, live.headers["cache-control"]) == (200, "no-store")
