"""A store whose certificate is signed by another authority: followed without a restart."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_contracts.errors import DependencyDown
from desk_platform.settings import StoreDriver, StoreSettings
from desk_platform.store import open_store
from desk_platform.store.idempotency import KeptCall
from desk_platform.store.store import Store
from desk_testing import eventually

from tests.support.authority import Authority
from tests.support.tls_proxy import tls_in_front_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]


async def is_distrusted(store: Store) -> bool:
    """A connection that was cut may be told of first."""
    try:
        await store.ping()
    except DependencyDown as error:
        return "certificate verify failed" in str(error)
    return False


@pytest.mark.parametrize("driver", StoreDriver)
async def test_a_client_is_renewed_when_its_authority_is(
    mongo: str, prefix: str, tmp_path: Path, driver: StoreDriver
) -> None:
    before, after, ca = Authority("before"), Authority("after"), tmp_path / "ca.pem"
    ca.write_bytes(before.pem)
    async with tls_in_front_of(mongo, tmp_path) as proxy:
        await proxy.show(before)
        settings = StoreSettings(url=f"mongodb://127.0.0.1:{proxy.port}", driver=driver, ca_file=ca)
        store = open_store(settings, prefix + "rotation")
        now = datetime.now(UTC)
        calls = store.calls(lambda: now)
        await calls.keep([KeptCall("doc", "first", "a", now)])
        await proxy.show(after)
        await eventually(lambda: is_distrusted(store), timeout=60)
        ca.write_bytes(after.pem)
        await store.ping()
        # What was made from the client before uses the one of now.
        assert await calls.find("doc", "first") == "a"
        await store.drop()
        await store.stop()
