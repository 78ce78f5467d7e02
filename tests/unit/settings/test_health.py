"""Health: three questions, three different answers."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from desk_platform.clock import FakeClock
from desk_platform.health import (
    Health,
    Marks,
    Progress,
    State,
    health_router,
    observe_health,
)
from desk_platform.organisation import OrganisationStatus
from desk_platform.telemetry import names
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI, Request

START = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = {"messaging__consumer__group__name": "desk.tickets"}


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


def poll(progress: Progress, clock: FakeClock, **marks: datetime | str | None) -> None:
    """As if it had polled now and found nothing, and brokers had answered just now."""
    now = clock.now()
    marks_now: dict[str, datetime | str | None] = {
        "polled_at": now,
        "dry_since": START,
        "fetched_at": now,
    }
    made = Marks(**marks_now | marks)  # type: ignore[arg-type]  # named one by one by each test
    progress.read_marks = lambda: made


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
    poll(progress, clock)
    assert health.answer_live().is_ok


def test_a_consumer_that_hangs_in_one_batch_is_not_alive(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    poll(progress, clock)
    progress.begin_batch()
    clock.advance(timedelta(minutes=4))
    assert health.answer_live().is_ok
    clock.advance(timedelta(seconds=1))
    assert health.answer_live().reasons == ("desk.tickets has been at one batch for 241 s",)
    progress.end_batch()
    assert health.answer_live().is_ok
    clock.advance(timedelta(seconds=91))
    assert health.answer_live().reasons == ("desk.tickets has not polled for 91 s",)


def test_a_consumer_behind_that_commits_nothing_is_not_alive(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    progress.mark_lag(7)
    for _ in range(60):
        clock.advance(timedelta(seconds=6))
        poll(progress, clock)
        progress.mark_lag(7)
    [reason] = health.answer_live().reasons
    assert reason == "desk.tickets is 7 records behind and committed nothing for 360 s"
    progress.mark_commit()
    assert health.answer_live().is_ok


def test_records_of_a_topic_that_was_replaced_are_shown_and_are_no_stall(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    progress.mark_lag(0, halted=24)
    for _ in range(90):
        clock.advance(timedelta(seconds=6))
        poll(progress, clock)
        progress.mark_lag(0, halted=24)
    assert health.answer_live().is_ok
    assert (progress.lag, progress.halted) == (0, 24)


def test_a_lag_of_long_ago_is_unknown_and_no_stall(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    progress.mark_lag(7)
    clock.advance(timedelta(hours=1))
    poll(progress, clock)
    assert (progress.lag, progress.lag_at) == (None, START)
    assert progress.lag_age == timedelta(hours=1)
    assert health.answer_live().is_ok
    progress.mark_lag(7)  # the outage is over: it has its time to commit again
    assert health.answer_live().is_ok


def test_fetches_that_no_broker_answers_end_ready_but_not_live(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    health.mark("store", State.READY)
    poll(progress, clock)
    clock.advance(timedelta(seconds=8))
    poll(progress, clock, fetched_at=START)
    assert health.answer_ready().is_ok
    clock.advance(timedelta(seconds=1))
    poll(progress, clock, fetched_at=START)
    [reason] = health.answer_ready().reasons
    assert reason == "the brokers have answered no fetch of desk.tickets for 9 s"
    assert health.answer_live().is_ok
    poll(progress, clock)
    assert health.answer_ready().is_ok


def test_a_consumer_that_was_never_answered_is_not_ready(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    health.mark("store", State.READY)
    clock.advance(timedelta(seconds=9))
    poll(progress, clock, fetched_at=None)
    assert not health.answer_ready().is_ok


@pytest.mark.parametrize(
    "busy",
    [
        pytest.param({"dry_since": None}, id="records wait to be handled, so none are fetched"),
        pytest.param({"dry_since": START + timedelta(minutes=10)}, id="the last were just handled"),
    ],
)
def test_a_consumer_that_need_not_fetch_is_ready(
    health: Health, progress: Progress, clock: FakeClock, busy: dict[str, datetime | None]
) -> None:
    health.mark("store", State.READY)
    clock.advance(timedelta(minutes=10))
    poll(progress, clock, fetched_at=START, **busy)
    assert health.answer_ready().is_ok


def test_a_group_that_is_joined_for_too_long_ends_ready(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    health.mark("store", State.READY)
    poll(progress, clock)
    progress.begin_joining()
    clock.advance(timedelta(seconds=75))
    assert health.answer_ready().is_ok
    progress.begin_joining()
    clock.advance(timedelta(seconds=1))
    [reason] = health.answer_ready().reasons
    assert reason == "desk.tickets has been joining its group for 76 s"
    progress.mark_assignment(3)
    assert health.answer_ready().is_ok


def test_a_poll_that_fails_ends_ready_and_says_why(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    health.mark("store", State.READY)
    poll(progress, clock, trouble="TopicAuthorizationFailedError(desk.tickets)")
    [reason] = health.answer_ready().reasons
    assert reason == "desk.tickets cannot read: TopicAuthorizationFailedError(desk.tickets)"
    assert health.answer_live().is_ok


def test_a_dependency_is_up_while_it_answers_and_no_longer(
    health: Health, clock: FakeClock
) -> None:
    health.mark("store", State.READY)
    kafka = health.dependency("kafka")
    assert health.answer_ready().reasons == ("kafka does not answer: not asked yet (never heard)",)
    kafka.answer()
    assert health.answer_ready().is_ok
    clock.advance(timedelta(seconds=5))
    kafka.fail("connection refused")
    clock.advance(timedelta(seconds=1))
    kafka.fail("still refused")
    [reason] = health.answer_ready().reasons
    assert reason == "kafka does not answer: still refused (heard 6 s ago)"
    assert (kafka.since, kafka.last_ok) == (START, START)
    assert health.answer_live().is_ok
    kafka.answer()
    assert health.answer_ready().is_ok
    assert kafka.since == START + timedelta(seconds=6)


def test_a_dependency_that_nobody_asks_any_more_is_not_taken_for_up(
    health: Health, clock: FakeClock
) -> None:
    health.mark("store", State.READY)
    health.dependency("kafka").answer()
    clock.advance(timedelta(seconds=10))
    assert health.answer_ready().reasons == ("kafka was not asked lately (heard 10 s ago)",)


def test_health_is_told_in_figures_and_what_is_unknown_is_none(clock: FakeClock) -> None:
    status = OrganisationStatus("v1", START)
    health, recorded = Health(clock, lambda: status), record_telemetry()
    observe_health(recorded.telemetry.meter, health)
    kafka, progress = health.dependency("kafka"), health.consumer("desk.tickets")
    assert recorded.value(names.READY) == 0
    assert recorded.value(names.DEPENDENCY_UP, desk__dependency="kafka") == 0
    for name in (names.DEPENDENCY_LAST_OK, names.CONSUMER_LAG, names.LAST_FETCH, names.LAST_POLL):
        assert not recorded.has(name), name
    kafka.answer()
    progress.mark_assignment(1)
    progress.mark_lag(3, halted=4)
    clock.advance(timedelta(seconds=2))
    poll(progress, clock)
    assert recorded.value(names.READY) == 1
    assert recorded.value(names.DEPENDENCY_UP, desk__dependency="kafka") == 1
    assert recorded.value(names.DEPENDENCY_LAST_OK) == START.timestamp()
    assert recorded.value(names.CONSUMER_LAG, **GROUP) == 7
    assert recorded.value(names.LAG_AGE, **GROUP) == 2
    assert recorded.value(names.LAST_FETCH, **GROUP) == START.timestamp() + 2
    assert recorded.value(names.LAST_POLL, **GROUP) == START.timestamp() + 2
    clock.advance(timedelta(seconds=60))
    assert not recorded.has(names.CONSUMER_LAG)
    assert recorded.value(names.LAG_AGE, **GROUP) == 62
    assert recorded.value(names.CHARTER, desk__charter__version="v1") == 1
    assert recorded.value(names.CHARTER_REFUSED) == 0
    status = OrganisationStatus("v1", START, refused_since=START, problems=("teams.yaml:3: bad",))
    assert recorded.value(names.CHARTER_REFUSED) == 1


def test_an_idle_topic_is_no_stall_and_its_first_record_gets_its_time(
    health: Health, progress: Progress, clock: FakeClock
) -> None:
    clock.advance(timedelta(hours=3))
    poll(progress, clock)
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


async def ask(health: Health, path: str, *, is_operator: bool = True) -> httpx.Response:
    async def judge(_: Request) -> bool:
        return is_operator

    app = FastAPI()
    app.include_router(health_router(health, judge))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        return await client.get(path)


async def test_probes_answer_with_reasons_and_components(health: Health) -> None:
    health.consumer("desk.tickets")
    ready = await ask(health, "/health/ready")
    assert ready.status_code == 503
    assert ready.json()["reasons"] == ["store is starting: not started yet"]
    assert [item["name"] for item in ready.json()["components"]] == ["store", "directory"]
    assert [item["name"] for item in ready.json()["consumers"]] == ["desk.tickets"]
    assert ready.json()["charter"] is None
    assert (await ask(health, "/health/startup")).status_code == 503
    live = await ask(health, "/health/live")
    assert (live.status_code, live.headers["cache-control"]) == (200, "no-store")


async def test_a_stranger_hears_what_is_wrong_and_not_why(clock: FakeClock) -> None:
    """No host, no port, no class, no line of a file; an operator hears all of them."""
    secrets = ("db-1.internal", "27017", "OperationalError", "teams.yaml")
    why = f"OperationalError: {secrets[0]}:{secrets[1]} refused"
    refused = OrganisationStatus("v1", START, refused_since=START, problems=("teams.yaml:3: bad",))
    health = Health(clock, lambda: refused)
    health.dependency("store").fail(why)
    health.mark("relay", State.DOWN, why)
    consumer = health.consumer("desk.tickets")
    consumer.mark_assignment(3)
    consumer.pause(why)
    for path in ("/health/ready", "/health/startup", "/health/live"):
        text = (await ask(health, path, is_operator=False)).text
        assert [secret for secret in secrets if secret in text] == []
        whole = (await ask(health, path)).text
        assert [secret for secret in secrets if secret not in whole] == []
    heard = (await ask(health, "/health/ready", is_operator=False)).json()
    assert heard["reasons"] == ["store does not answer", "relay is down"]
    assert heard["dependencies"][0]["up"] is False
    assert heard["consumers"][0]["paused"] == "told to operators, and in the log"
    assert heard["charter"]["refused"]["since"] == START.isoformat()


async def test_probes_tell_when_things_were_known_last(clock: FakeClock) -> None:
    refused = OrganisationStatus("v1", START, refused_since=START, problems=("teams.yaml:3: bad",))
    health = Health(clock, lambda: refused)
    health.dependency("kafka").answer()
    progress = health.consumer("desk.tickets")
    progress.mark_assignment(3)
    progress.mark_lag(2)
    answer = (await ask(health, "/health/ready")).json()
    [consumer] = answer["consumers"]
    assert (consumer["lag"], consumer["lag_unknown_since"]) == (2, None)
    clock.advance(timedelta(seconds=30))
    poll(progress, clock, fetched_at=START)
    health.dependency("kafka").fail("refused")
    answer = (await ask(health, "/health/ready")).json()
    [kafka], [consumer] = answer["dependencies"], answer["consumers"]
    assert (kafka["up"], kafka["reason"]) == (False, "refused")
    assert kafka["last_ok"] == kafka["since"] == START.isoformat()
    assert (consumer["lag"], consumer["lag_age_seconds"]) == (None, 30)
    assert consumer["lag_unknown_since"] == consumer["last_fetch"] == START.isoformat()
    assert consumer["last_poll"] == clock.now().isoformat()
    assert answer["charter"]["version"] == "v1"
    assert answer["charter"]["refused"]["problems"] == ["teams.yaml:3: bad"]
