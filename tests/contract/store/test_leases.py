"""What every store guarantees about leases: one holder, and a token that only grows."""

import asyncio
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown

from tests.support.store_kinds import Kind

pytestmark = pytest.mark.timeout(300)

TERM = timedelta(seconds=30)


async def test_a_free_lease_is_given(kind: Kind) -> None:
    lease = await kind.leases.acquire("sweep", "one", TERM)
    assert lease is not None
    assert (lease.holder, lease.expires) == ("one", kind.clock.now() + TERM)


async def test_a_held_lease_is_not_given(kind: Kind) -> None:
    await kind.leases.acquire("sweep", "one", TERM)
    assert await kind.leases.acquire("sweep", "two", TERM) is None
    assert await kind.leases.acquire("other", "two", TERM) is not None


async def test_an_expired_lease_is_given_under_a_larger_token(kind: Kind) -> None:
    old = await kind.leases.acquire("sweep", "one", TERM)
    kind.clock.advance(TERM)
    new = await kind.leases.acquire("sweep", "two", TERM)
    assert old is not None
    assert new is not None
    assert new.token > old.token
    assert await kind.leases.renew(old, TERM) is None


async def test_a_holder_may_take_its_own_lease_again(kind: Kind) -> None:
    first = await kind.leases.acquire("sweep", "one", TERM)
    again = await kind.leases.acquire("sweep", "one", TERM)
    assert first is not None
    assert again is not None
    assert again.token > first.token


async def test_renewing_lasts_longer_under_a_larger_token(kind: Kind) -> None:
    lease = await kind.leases.acquire("sweep", "one", TERM)
    assert lease is not None
    kind.clock.advance(TERM / 2)
    longer = await kind.leases.renew(lease, TERM)
    assert longer is not None
    assert longer.token > lease.token
    assert longer.expires == kind.clock.now() + TERM
    assert await kind.leases.renew(lease, TERM) is None  # the old token is worth nothing now


async def test_a_released_lease_is_free_and_its_token_stays_behind(kind: Kind) -> None:
    lease = await kind.leases.acquire("sweep", "one", TERM)
    assert lease is not None
    await kind.leases.release(lease)
    other = await kind.leases.acquire("sweep", "two", TERM)
    assert other is not None
    assert other.token > lease.token


async def test_releasing_what_was_lost_takes_nothing_from_the_new_holder(kind: Kind) -> None:
    lease = await kind.leases.acquire("sweep", "one", TERM)
    kind.clock.advance(TERM)
    assert lease is not None
    assert await kind.leases.acquire("sweep", "two", TERM) is not None
    await kind.leases.release(lease)
    assert await kind.leases.acquire("sweep", "three", TERM) is None


async def test_what_is_forgotten_is_free_and_only_its_holder_forgets_it(kind: Kind) -> None:
    lease = await kind.leases.acquire("sweep", "one", TERM)
    assert lease is not None
    longer = await kind.leases.renew(lease, TERM)
    assert longer is not None
    await kind.leases.forget(lease)  # an outdated one
    assert await kind.leases.acquire("sweep", "two", TERM) is None
    await kind.leases.forget(longer)
    assert await kind.leases.acquire("sweep", "two", TERM) is not None
    assert await kind.leases.renew(longer, TERM) is None


@pytest.mark.parametrize("is_first", [True, False])
async def test_of_many_rivals_one_gets_it(kind: Kind, is_first: bool) -> None:
    if not is_first:
        await kind.leases.acquire("sweep", "before", TERM)
        kind.clock.advance(TERM)
    leases = await asyncio.gather(
        *(kind.leases.acquire("sweep", f"rival {number}", TERM) for number in range(10))
    )
    assert sum(lease is not None for lease in leases) == 1


async def test_leases_of_a_store_that_is_away_say_so(kind: Kind) -> None:
    with pytest.raises(DependencyDown):
        await kind.leases_away.acquire("sweep", "one", TERM)
