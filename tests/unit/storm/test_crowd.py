"""The same seed is the same traffic, whatever the desk answers and however long it takes."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import httpx
from desk_contracts import AnyEvent
from desk_contracts.errors import DependencyDown
from desk_storm.crowd import Crowd
from desk_storm.targets import Targets
from desk_testing import eventually


class Brokers:
    """Takes everything, or nothing the first time."""

    def __init__(self, *, is_down_first: bool = False) -> None:
        self.is_down = is_down_first
        self.taken: list[str] = []

    async def publish(self, records: list[object]) -> None:
        if self.is_down:
            self.is_down = False
            raise DependencyDown("away", dependency="kafka")
        self.taken += [str(record) for record in records]


def _crowd(brokers: Brokers, seed: int = 3) -> Crowd:
    return Crowd(["http://one", "http://two"], brokers, Targets(port=1), seed)  # type: ignore[arg-type]


async def _collect_calls(seed: int, refusals: int) -> set[tuple[str, str, str]]:
    """Who asked what under which key; the desk says that it is busy so many times before."""
    left = refusals

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal left
        left -= 1
        return httpx.Response(503) if left >= 0 else httpx.Response(403)

    crowd = _crowd(Brokers(), seed)
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(crowd.ask(http, 200))
        await eventually(lambda: len(crowd.calls) >= 20)
        crowd.is_over.set()
    return {(call.person, call.key, call.body) for call in crowd.calls}


async def test_what_is_asked_does_not_depend_on_answers() -> None:
    shorter, longer = sorted((await _collect_calls(3, 0), await _collect_calls(3, 4)), key=len)
    assert shorter <= longer
    assert not await _collect_calls(4, 0) & longer


async def _collect_events(brokers: Brokers) -> list[AnyEvent]:
    crowd = _crowd(brokers)
    crowd.measured_every = 0.0
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.measure("laptop-ok-0", timedelta()))
        await eventually(lambda: len(crowd.sent) >= 200)
        crowd.are_devices_over.set()
    return [item.event for item in crowd.sent]


async def test_a_device_tells_the_same_again_in_the_same_order() -> None:
    brokers = [Brokers(), Brokers(is_down_first=True)]
    first, second = [await _collect_events(broker) for broker in brokers]
    assert [item.id for item in first][:200] == [item.id for item in second][:200]


async def test_some_of_what_a_device_tells_comes_twice_and_some_late() -> None:
    brokers = Brokers()
    events = await _collect_events(brokers)
    assert len({item.id for item in events}) == len(events)
    jumps = [later.time < before.time for before, later in pairwise(events)]
    assert sum(jumps) > len(events) // 47 + 1
    assert set(Counter(brokers.taken).values()) == {1, 2}
