"""The demo asks again where it is told to, as any caller should: the same call, with its key."""

import httpx
import pytest
from desk_demo.access import Callers
from desk_demo.desk import Desk
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.settings import KafkaSettings


async def ask(statuses: list[int]) -> tuple[str, list[str]]:
    keys = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        headers = {"Retry-After": "0"}
        return httpx.Response(statuses[len(keys) - 1], json={"id": "t-1"}, headers=headers)

    kafka = KafkaSettings()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        publisher = KafkaPublisher(kafka, "demo")
        desk = Desk(http, Callers(http), publisher, kafka, "http://desk", "http://desk")
        return await desk.ask_shortly("ana", "VPN"), keys


async def test_a_503_is_asked_again_with_the_same_key() -> None:
    ticket, keys = await ask([503, 503, 201])
    assert ticket == "t-1"
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_what_is_refused_or_stays_away_ends_the_demo_with_a_sentence() -> None:
    with pytest.raises(SystemExit, match="answered 409"):
        await ask([409])
    with pytest.raises(SystemExit, match="answered 503"):
        await ask([503] * 10)
