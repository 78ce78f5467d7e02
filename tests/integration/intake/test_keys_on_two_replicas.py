"""One key at two replicas of intake, at once and after a death: one call, and no other."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.intake_around import Bus, Intake, run_intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

ANA = {"X-Desk-User": "ana", "X-Desk-Roles": "employee"}
BEN = {"X-Desk-User": "ben", "X-Desk-Roles": "employee"}


@pytest.fixture
async def other(
    intake: Intake,  # noqa: ARG001  the first one makes the collections
    store_url: str,
    bus: Bus,
    tmp_path: Path,
) -> AsyncIterator[Intake]:
    async with run_intake(bus, store_url, tmp_path / "other.log", "2") as service:
        yield service


async def post(
    at: Intake, path: str, key: str, body: dict[str, str], who: dict[str, str] = ANA
) -> httpx.Response:
    async with httpx.AsyncClient(base_url=at.url, headers=who, timeout=60) as client:
        return await client.post(f"/v1{path}", json=body, headers={"Idempotency-Key": key})


async def test_a_key_is_one_call_wherever_and_whenever_it_comes(
    intake: Intake, other: Intake, bus: Bus
) -> None:
    places = list(itertools.product((intake, other), range(4)))
    made = await asyncio.gather(
        *(post(at, "/tickets", f"t-{n}", {"title": f"VPN {n}"}) for at, n in places)
    )
    assert {item.status_code for item in made} == {201}
    ids = [{item.json()["id"] for item in made[number::4]} for number in range(4)]
    assert [len(item) for item in ids] == [1, 1, 1, 1]
    [ticket] = ids[0]
    comments = f"/tickets/{ticket}/comments"

    # The same again, of one note; and two that want different things under one key.
    same = await asyncio.gather(*(post(at, comments, "n", {"text": "once"}) for at, _ in places))
    assert {item.status_code for item in same} == {200}
    rivals = await asyncio.gather(
        *(post(at, comments, "r", {"text": f"as {n % 2}"}) for at, n in places)
    )
    assert {rival.status_code for rival in rivals} == {200, 422}
    assert {rival.json()["code"] for rival in rivals if rival.is_error} == {
        "idempotency-key-reused"
    }
    # Whichever came first is what the key stands for, at both of them.
    for at in (intake, other):
        responses = [await post(at, comments, "r", {"text": f"as {number}"}) for number in range(2)]
        assert sorted(item.status_code for item in responses) == [200, 422]

    # Somebody else's key is another one, though it is spelt alike.
    theirs = await post(other, "/tickets", "t-0", {"title": "Mine"}, BEN)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != ticket

    # The replica that answered is gone; what it did is known.
    intake.kill()
    again = await post(other, comments, "n", {"text": "once"})
    last = await post(other, comments, "last", {"text": "last"})
    assert (again.status_code, last.headers["etag"]) == (200, '"4"'), "opened, once, as one, last"
    events = await bus.of(ticket, 4)
    assert len(events) == 4
