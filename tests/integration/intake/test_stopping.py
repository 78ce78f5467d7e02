"""Intake is told to stop under load: every call is answered, and none by "nobody foresaw"."""

import asyncio
import signal
from collections import Counter

import httpx
import pytest
from desk_shared.testing import eventually

from tests.integration.intake.around import Intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

CALLERS = 12


class Load:
    """People who open tickets until the socket is closed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.statuses: Counter[int] = Counter()
        self.late: list[httpx.Response] = []
        self.unanswered_early = 0

    async def call(self, number: int) -> None:
        """Until nobody listens any more."""
        headers = {"X-Desk-User": f"person-{number}", "X-Desk-Roles": "employee"}
        for count in range(10_000):
            key = {"Idempotency-Key": f"{number}-{count}"}
            # A connection for each call, as from many people; a keep-alive one may just be closing.
            async with httpx.AsyncClient(base_url=self._url, headers=headers, timeout=60) as client:
                try:
                    answer = await client.post(
                        "/v1/tickets", json={"title": f"t {count}"}, headers=key
                    )
                except httpx.TransportError:
                    # Only at the very end, when the others have been sent away already.
                    self.unanswered_early += not self.late
                    return
            self.statuses[answer.status_code] += 1
            if answer.status_code != httpx.codes.CREATED:
                self.late.append(answer)


async def test_a_stop_under_load_answers_what_was_accepted_and_sends_the_rest_away(
    intake: Intake,
) -> None:
    load = Load(intake.url)
    calling = [asyncio.create_task(load.call(number)) for number in range(CALLERS)]
    await eventually(lambda: load.statuses[201] >= 2 * CALLERS, timeout=180)
    process = intake.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    await asyncio.gather(*calling)
    assert await asyncio.to_thread(process.wait, 90) == 0
    assert set(load.statuses) <= {201, 503}
    assert load.late
    assert load.unanswered_early == 0
    for answer in load.late:
        assert answer.json()["code"] == "stopping"
        assert answer.headers["retry-after"] == "5"
    assert "request_failed" not in intake.log.read_text()
