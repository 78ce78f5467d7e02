"""Calls that go out are timed by host and outcome, and carry the trace they are made in."""

import httpx
import pytest
from desk_platform.http.client import MeasuredTransport
from desk_platform.telemetry import current_traceparent, names
from desk_testing.telemetry import record_telemetry


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/away":
        raise httpx.ConnectError("nobody there")
    return httpx.Response(404 if request.url.path == "/none" else 200, request=request)


async def test_each_call_is_timed_by_host_and_outcome() -> None:
    recorded = record_telemetry()
    transport = MeasuredTransport(recorded.telemetry.meters, httpx.MockTransport(answer))
    async with httpx.AsyncClient(transport=transport, base_url="https://id.example") as client:
        await client.get("/keys")
        await client.get("/none")
        with pytest.raises(httpx.ConnectError):
            await client.get("/away")
    name = names.HTTP_CLIENT_DURATION
    assert recorded.value(name, server__address="id.example", server__port=443) == 3
    assert recorded.value(name, http__response__status_code=200) == 1
    assert recorded.value(name, error__type="404") == 1
    assert recorded.value(name, error__type="ConnectError") == 1


async def test_a_call_carries_the_trace_that_it_is_made_in_and_else_none() -> None:
    recorded, seen = record_telemetry(), list[str | None]()

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("traceparent"))
        return httpx.Response(200)

    transport = MeasuredTransport(recorded.telemetry.meters, httpx.MockTransport(note))
    async with httpx.AsyncClient(transport=transport, base_url="https://id.example") as client:
        await client.get("/")
        with recorded.telemetry.batch_span("desk.tickets", "triage", 1):
            mine = current_traceparent()
            await client.get("/")
    assert seen == [None, mine]
