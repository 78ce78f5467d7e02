"""What every store guarantees about calls: known until they are over, whatever their number."""

import asyncio
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown
from desk_platform.store.idempotency import KeptCall

from tests.support.store_kinds import START, Kind

pytestmark = pytest.mark.timeout(300)

DAY = timedelta(days=1)


def call(key: str, fingerprint: str = "f", after: timedelta = DAY) -> KeptCall:
    return KeptCall("t-1", key, fingerprint, START + after)


async def test_a_call_is_known_to_its_document_by_what_was_asked(kind: Kind) -> None:
    await kind.calls.keep([call("a"), call("b", "g")])
    results = [await kind.calls.find("t-1", key) for key in ("a", "b", "c")]
    assert results == ["f", "g", None]
    assert await kind.calls.find("t-2", "a") is None


async def test_keeping_what_is_kept_is_harmless_and_keeps_the_rest(kind: Kind) -> None:
    await kind.calls.keep([])
    await kind.calls.keep([call("a")])
    await kind.calls.keep([call("a", "other"), call("b"), call("b")])
    assert [await kind.calls.find("t-1", key) for key in ("a", "b")] == ["f", "f"]


async def test_a_sweep_removes_what_is_over_and_nothing_else(kind: Kind) -> None:
    await kind.calls.keep([call(f"k{n}", after=timedelta(hours=n)) for n in range(1, 6)])
    assert await kind.calls.sweep(10) == 0
    kind.clock.advance(timedelta(hours=3))
    assert [await kind.calls.sweep(2), await kind.calls.sweep(2)] == [2, 1]
    kept = [await kind.calls.find("t-1", f"k{n}") is not None for n in range(1, 6)]
    assert kept == [False, False, False, True, True]


async def test_a_store_that_is_away_says_so(kind: Kind) -> None:
    away = kind.calls_away
    # Each waits for the store as long as a driver does: at once, so that it is waited for once.
    calls = (away.find("t-1", "a"), away.keep([call("a")]), away.sweep(1))
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, DependencyDown)
