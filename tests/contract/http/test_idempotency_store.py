"""What every idempotency store must do; a real one joins by adding a fixture parameter."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_shared.http import Fresh, IdempotencyStore, InProgress, Mismatch, Replay, StoredResponse
from desk_shared.http.idempotency import CLAIM_FOR, KEEP_FOR
from desk_shared.http.testing import FakeIdempotencyStore

START = datetime(2026, 1, 1, tzinfo=UTC)
ANSWER = StoredResponse(201, (("location", "/v1/tickets/1"),), b'{"id": "1"}\x00\xff')
OTHER = StoredResponse(200, (), b"")


@pytest.fixture(params=["fake"])
def store(request: pytest.FixtureRequest) -> IdempotencyStore:
    assert request.param == "fake"
    return FakeIdempotencyStore()


async def claim(store: IdempotencyStore, now: datetime = START, print_: str = "f") -> Fresh:
    outcome = await store.begin("k", print_, now)
    assert isinstance(outcome, Fresh)
    return outcome


async def test_a_new_key_is_claimed_once(store: IdempotencyStore) -> None:
    await claim(store)
    assert await store.begin("k", "f", START) == InProgress()
    assert isinstance(await store.begin("another", "f", START), Fresh)


async def test_a_finished_key_answers_the_same_byte_for_byte(store: IdempotencyStore) -> None:
    await store.finish(await claim(store), ANSWER, START)
    assert await store.begin("k", "f", START + timedelta(hours=1)) == Replay(ANSWER)


async def test_another_request_under_the_key_is_a_mismatch(store: IdempotencyStore) -> None:
    held = await claim(store)
    assert await store.begin("k", "g", START) == Mismatch()
    await store.finish(held, ANSWER, START)
    assert await store.begin("k", "g", START) == Mismatch()


async def test_an_abandoned_key_may_be_claimed_at_once(store: IdempotencyStore) -> None:
    await store.abandon(await claim(store), START)
    await claim(store, print_="g")


async def test_a_claim_of_a_dead_process_expires(store: IdempotencyStore) -> None:
    await claim(store)
    just_before = START + CLAIM_FOR - timedelta(milliseconds=1)
    assert await store.begin("k", "f", just_before) == InProgress()
    await claim(store, START + CLAIM_FOR)


async def test_an_answer_is_forgotten_after_its_time(store: IdempotencyStore) -> None:
    await store.finish(await claim(store), ANSWER, START)
    just_before = START + KEEP_FOR - timedelta(milliseconds=1)
    assert await store.begin("k", "f", just_before) == Replay(ANSWER)
    await claim(store, START + KEEP_FOR)


async def test_who_lost_the_claim_cannot_finish_or_abandon_anymore(
    store: IdempotencyStore,
) -> None:
    lost = await claim(store)
    later = START + CLAIM_FOR
    held = await claim(store, later)
    await store.finish(lost, OTHER, later)
    await store.abandon(lost, later)
    assert await store.begin("k", "f", later) == InProgress()
    await store.finish(held, ANSWER, later)
    await store.finish(lost, OTHER, later)
    assert await store.begin("k", "f", later) == Replay(ANSWER)


async def test_fences_grow_even_after_an_abandoned_claim(store: IdempotencyStore) -> None:
    lost = await claim(store)
    later = START + CLAIM_FOR
    await store.abandon(await claim(store, later), later)
    held = await claim(store, later)
    assert held.fence > lost.fence
    await store.finish(lost, OTHER, later)
    assert await store.begin("k", "f", later) == InProgress()


async def test_a_finished_key_cannot_be_finished_or_abandoned_again(
    store: IdempotencyStore,
) -> None:
    held = await claim(store)
    await store.finish(held, ANSWER, START)
    await store.finish(held, OTHER, START)
    await store.abandon(held, START)
    assert await store.begin("k", "f", START) == Replay(ANSWER)
