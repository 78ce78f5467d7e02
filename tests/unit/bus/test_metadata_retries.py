"""How often a client asks for the brokers that are away."""

import asyncio
from datetime import timedelta

import pytest
from aiokafka.client import AIOKafkaClient
from desk_platform.kafka.metadata_retries import PAUSES, wait_between_metadata_requests

CLOSED = "127.0.0.1:1"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """What was waited for, without waiting."""
    waited: list[timedelta] = []

    async def note(seconds: float) -> None:
        waited.append(timedelta(seconds=seconds))

    monkeypatch.setattr(asyncio, "sleep", note)
    return waited


async def ask(client: AIOKafkaClient, times: int) -> list[bool]:
    wait_between_metadata_requests()
    return [await client._metadata_update(client.cluster, ()) for _ in range(times)]


async def test_each_failure_waits_longer_up_to_a_second(pauses: list[timedelta]) -> None:
    assert await ask(AIOKafkaClient(bootstrap_servers=CLOSED), 6) == [False] * 6
    assert pauses == [PAUSES.after(failures) for failures in range(1, 7)]
    assert pauses[0] < pauses[-1] == timedelta(seconds=1)


async def test_clients_count_for_themselves(pauses: list[timedelta]) -> None:
    first, second = (AIOKafkaClient(bootstrap_servers=CLOSED) for _ in range(2))
    await asyncio.gather(ask(first, 3), ask(second, 1))
    assert sorted(pauses)[:2] == [PAUSES.first] * 2
