"""Intake is told to stop under load: every call is answered, and none by "nobody foresaw"."""

import asyncio
import signal
from collections import Counter

import httpx
import pytest
from desk_testing import eventually

from tests.support.intake_around import Intake

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

CALLERS = 12


class Load:
    """People who open tickets until nobody listens any more: half of them on a connection that
    they keep, half on a new one for each call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.statuses: Counter[int] = Counter()
        self.late: list[httpx.Response] = []
        self.broken: list[httpx.TransportError] = []

    async def call(self, number: int) -> None:
        """Until the listener is gone."""
        kept = None if number % 2 else self._client(number)
        for count in range(10_000):
            client = kept or self._client(number)
            try:
                answer = await client.post(
                    "/v1/tickets",
                    json={"title": f"t {count}"},
                    headers={"Idempotency-Key": f"{number}-{count}"},
                )
            except httpx.TransportError as error:
                # Only a connection that was never made: what was sent is answered.
                if not isinstance(error, httpx.ConnectError):
                    self.broken.append(error)
                break
            finally:
                if kept is None:
                    await client.aclose()
            self.statuses[answer.status_code] += 1
            if answer.status_code != httpx.codes.CREATED:
                self.late.append(answer)
        if kept is not None:
            await kept.aclose()

    def _client(self, number: int) -> httpx.AsyncClient:
        headers = {"X-Desk-User": f"person-{number}", "X-Desk-Roles": "employee"}
        return httpx.AsyncClient(base_url=self._url, headers=headers, timeout=60)


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
    assert load.broken == []
    for answer in load.late:
        assert answer.json()["code"] == "stopping"
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["connection"] == "close"
    assert "request_failed" not in intake.log.read_text()
