"""A batch at intake as a process that is killed meanwhile: sent again, every row has one ticket."""

import asyncio
import contextlib

import httpx
import pytest
from desk_testing import eventually

from tests.support.intake_around import Bus, Intake, Person

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

ROWS = [{"key": f"row-{number}", "title": f"Laptop {number} is slow"} for number in range(60)]


async def test_a_batch_cut_by_a_kill_and_sent_again_opens_each_row_once(
    intake: Intake, ana: Person, bus: Bus
) -> None:
    halves = [ROWS[:30], ROWS[30:]]

    async def send(rows: list[dict[str, str]]) -> None:
        with contextlib.suppress(httpx.TransportError):  # the answer that the kill cut off
            await ana.post("/tickets:batch", "first", tickets=rows)

    async def is_begun() -> bool:
        return bool(await bus.read())

    sending = asyncio.gather(*map(send, halves))
    await eventually(is_begun)
    intake.kill()
    await sending
    await intake.start()
    answer = await ana.post("/tickets:batch", "again", tickets=ROWS)
    assert (answer.status_code, answer.json()["opened"]) == (201, 60), answer.text
    repeated = await ana.post("/tickets:batch", "once more", tickets=list(reversed(ROWS)))
    results, others = answer.json()["results"], repeated.json()["results"]
    assert [item["id"] for item in results] == [item["id"] for item in reversed(others)]
    for item in (results[0], results[-1]):
        await bus.of(item["id"], 1)
    subjects = {event.subject for event in await bus.read() if event.type.endswith("opened.v1")}
    assert subjects <= {item["id"] for item in results}
