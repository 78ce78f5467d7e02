"""A desk moves from the embedded store to MongoDB and goes on there: nothing lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.restoring_desk import Desk, desk_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]

SERVICES = ("intake", "notify")


@pytest.fixture
async def desk(kafka: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    embedded = f"sqlite:{tmp_path / 'store'}"
    async with desk_of(SERVICES, kafka, embedded, prefix, tmp_path) as made:
        yield made


async def test_a_desk_moves_to_mongodb_and_goes_on(desk: Desk, mongo: str) -> None:
    await desk.start()
    first = await desk.asked_and_told("first")
    copy = ("store", "copy", desk.services["intake"].env["DESK_STORE"], mongo)
    refused = await asyncio.to_thread(desk.type, *copy)
    assert refused.returncode == 2
    assert "still read" in refused.stderr
    assert "stop the services first" in refused.stderr

    desk.stop()
    done = await asyncio.to_thread(desk.type, *copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Set DESK_STORE={mongo} and start the services." in done.stdout
    again = await asyncio.to_thread(desk.type, *copy)
    assert again.returncode == 2
    assert "a desk is copied to an empty store only" in again.stderr

    for service in desk.services.values():
        service.env["DESK_STORE"] = mongo
    await desk.start()
    assert (await desk.ask("first")).json()["id"] == first
    second = await desk.asked_and_told("second")
    assert second != first
    # Metrics does not run here, so its store has none of them.
    audit = await desk.audit()
    assert "0 doubled, 0 out of order, 0 gaps" in audit.stdout
    assert "intake's store" not in audit.stdout
    assert len(desk.mail.mailbox.mails) == 2


async def test_an_address_that_is_none_is_refused(desk: Desk) -> None:
    done = await asyncio.to_thread(desk.type, "store", "copy", "sqlite:/tmp/x", "postgres://db")
    assert done.returncode == 2
    assert "postgres://db is no address of a store; write mongodb://host:port" in done.stderr


async def test_a_store_that_holds_no_desk_is_not_called_copied(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    target = f"sqlite:{tmp_path / 'target'}"
    for source, why in (("typo", "There is no folder"), ("empty", "There is nothing of a desk")):
        copy = ("store", "copy", f"sqlite:{tmp_path / source}", target)
        done = await asyncio.to_thread(desk.type, *copy)
        assert done.returncode == 2
        assert why in done.stderr
        assert "All is copied" not in done.stdout
    assert not (tmp_path / "typo").exists()
