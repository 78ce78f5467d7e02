"""Tickets followed live on real servers: two replicas, one of them killed, nothing missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from desk_testing import eventually

from tests.support.intake_around import Bus, Intake, Person, run_intake
from tests.support.sse import Stream, follow

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

ANA = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}
MAX = {"X-Desk-User": "max", "X-Desk-Roles": "member", "X-Desk-Team": "network"}


@pytest.fixture
async def other(
    intake: Intake,  # noqa: ARG001  the first one makes the collections
    store_url: str,
    bus: Bus,
    tmp_path: Path,
) -> AsyncIterator[Intake]:
    async with run_intake(bus, store_url, tmp_path / "other.log", "7200") as service:
        yield service


async def is_followed(at: Intake) -> bool:
    """The replica has found the end of the log."""
    async with follow(at.url, "/mine", ANA) as stream:
        return stream.status == 200


async def read_texts(stream: Stream, count: int) -> list[str]:
    """What so many events say."""
    updates = await stream.take(count)
    return [entry["text"] for _, data in updates for entry in data["entries"]]


async def test_a_reader_goes_on_at_another_replica_and_misses_nothing(
    intake: Intake, other: Intake, ana: Person, max_of_network: Person
) -> None:
    await eventually(lambda: is_followed(intake), timeout=60)
    await eventually(lambda: is_followed(other), timeout=60)
    async with AsyncExitStack() as streams:
        mine = await streams.enter_async_context(follow(intake.url, "/mine", ANA))
        ticket = (await ana.post("/tickets", "k", title="VPN away", service="vpn")).json()["id"]
        await mine.take(1)  # from here on nobody is told of the opening
        comments = f"/tickets/{ticket}/comments"
        german = ANA | {"Accept-Language": "de"}
        hers, staffs = [
            await streams.enter_async_context(follow(intake.url, f"/tickets/{ticket}", headers))
            for headers in (german, MAX)
        ]
        assert hers.headers["content-type"].startswith("text/event-stream")
        await max_of_network.post(comments, "n-1", text="I look at it")
        await max_of_network.post(comments, "n-2", text="She is difficult", public=False)
        await max_of_network.post(f"/tickets/{ticket}/start", "s")
        assert (await read_texts(staffs, 2))[:2] == ["I look at it", "She is difficult"]
        assert await read_texts(hers, 1) == ["I look at it"]
        [start, *_] = await read_texts(hers, 2)
        assert start, "in the reader's language"
        assert "She is difficult" not in str(await read_texts(mine, 2))
        last = hers.last_id

    # All of this happens while she is away; the replica that she knew is gone.
    texts = [f"news {number}" for number in range(20)]
    for number, text in enumerate(texts):
        await max_of_network.post(comments, f"m-{number}", text=text)
    await max_of_network.post(comments, "m-i", text="Still difficult", public=False)
    await max_of_network.post(comments, "m-last", text="and the last")
    intake.kill()
    async with follow(other.url, f"/tickets/{ticket}", ANA, last) as again:
        assert await read_texts(again, 21) == [*texts, "and the last"]
        # Who has read all of it begins behind it.
        async with follow(other.url, f"/tickets/{ticket}", ANA, again.last_id) as at_the_end:
            await asyncio.gather(*(post_as(other, MAX, comments, n) for n in range(3)))
            assert sorted(await read_texts(at_the_end, 3)) == ["at 0", "at 1", "at 2"]


async def post_as(at: Intake, who: dict[str, str], path: str, number: int) -> None:
    async with httpx.AsyncClient(base_url=at.url, headers=who, timeout=60) as client:
        answer = await client.post(
            f"/v1{path}", json={"text": f"at {number}"}, headers={"Idempotency-Key": f"l-{number}"}
        )
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("last_id", "reason"),
    [("17", "unreadable"), ("0123456789ab-0-0", "other-log")],
)
async def test_an_id_that_cannot_be_gone_on_from_is_reset_and_followed(
    intake: Intake, ana: Person, last_id: str, reason: str
) -> None:
    await eventually(lambda: is_followed(intake), timeout=60)
    async with follow(intake.url, "/mine", ANA, last_id) as stream:
        name, data = (await stream.take(1))[0]
        assert (name, data["reason"]) == ("reset", reason)
        await ana.post("/tickets", "k", title="VPN away")
        assert (await stream.take(1))[0][1]["title"] == "VPN away"


async def test_others_and_what_there_is_not_cannot_be_followed(intake: Intake, ana: Person) -> None:
    ticket = (await ana.post("/tickets", "k", title="VPN away")).json()["id"]
    ben = {"X-Desk-User": "ben", "X-Desk-Roles": "employee"}
    rows = ((f"/tickets/{ticket}", ben, 404), ("/teams/network", ben, 403), ("/teams/x", MAX, 404))
    for path, who, status in rows:
        async with follow(intake.url, path, who) as stream:
            assert stream.status == status, path


async def test_a_stop_ends_streams_at_once(intake: Intake) -> None:
    await eventually(lambda: is_followed(intake), timeout=60)
    async with follow(intake.url, "/mine", ANA) as stream:
        waiting = asyncio.create_task(stream.next())
        await asyncio.to_thread(intake.stop)
        assert await waiting is None
