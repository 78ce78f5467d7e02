"""Connections that stay open between calls: taken again, never shared, let go when they are old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import httpcore
import pytest
from desk_automation.adapters.executors.http_connections import Connections
from desk_automation.adapters.executors.http_hosts import CheckedNetwork, Hosts
from desk_testing.eventually import eventually


@dataclass
class Target:
    """Answers each call; a connection stays open until it is told to end them."""

    open: dict[int, asyncio.StreamWriter] = field(default_factory=dict)
    # By call, the number of its connection.
    calls: list[int] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.connections = self.connections + 1
        self.open[number] = writer
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.calls.append(number)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            del self.open[number]

    async def close(self) -> None:
        for writer in list(self.open.values()):
            writer.close()
        await eventually(lambda: not self.open, timeout=5)

    @property
    def url(self) -> httpcore.URL:
        return httpcore.URL(f"http://127.0.0.1:{self.port}/x")


async def _listen(stack: AsyncExitStack) -> Target:
    target = Target()
    listening = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    target.port = listening.sockets[0].getsockname()[1]
    stack.push_async_callback(target.close)
    stack.callback(listening.close)
    return target


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def target(stack: AsyncExitStack) -> Target:
    return await _listen(stack)


def _connections(stack: AsyncExitStack, kept: timedelta = timedelta(minutes=1)) -> Connections:
    connections = Connections(CheckedNetwork(Hosts(("127.0.0.0/8:*",))), kept)
    stack.push_async_callback(connections.close)
    return connections


async def _call(connections: Connections, url: httpcore.URL) -> None:
    async with (
        connections.use(url.origin) as connection,
        connection.stream("GET", url) as response,
    ):
        assert await response.aread() == b"ok"


async def test_the_next_call_takes_the_connection_of_the_one_before(
    stack: AsyncExitStack, target: Target
) -> None:
    connections = _connections(stack)
    for _ in range(3):
        await _call(connections, target.url)
    assert target.calls == [1, 1, 1]


async def test_calls_at_once_share_no_connection(stack: AsyncExitStack, target: Target) -> None:
    connections = _connections(stack)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(_call(connections, target.url))
    assert sorted(target.calls) == [1, 2, 3, 4, 5]


async def test_targets_share_no_connection(stack: AsyncExitStack, target: Target) -> None:
    connections, other = _connections(stack), await _listen(stack)
    for each in (target, other, target, other):
        await _call(connections, each.url)
    assert (target.calls, other.calls) == ([1, 1], [1, 1])


async def test_what_the_target_closed_is_not_taken_again(
    stack: AsyncExitStack, target: Target
) -> None:
    connections = _connections(stack)
    await _call(connections, target.url)
    target.open[1].close()
    await target.open[1].wait_closed()
    await _call(connections, target.url)
    assert target.calls == [1, 2]


async def test_a_call_that_is_given_up_leaves_no_connection_for_others(
    stack: AsyncExitStack, target: Target
) -> None:
    connections, url = _connections(stack), target.url
    with pytest.raises(TimeoutError):
        async with connections.use(url.origin) as connection, connection.stream("GET", url):
            raise TimeoutError  # before its answer is read
    await eventually(lambda: not target.open, timeout=5)
    await _call(connections, url)
    assert target.calls == [1, 2]


async def test_a_target_that_cannot_be_reached_leaves_none(stack: AsyncExitStack) -> None:
    connections = _connections(stack)
    async with AsyncExitStack() as closing:
        url = (await _listen(closing)).url
    for _ in range(2):
        with pytest.raises(httpcore.ConnectError):
            await _call(connections, url)


async def test_what_nobody_takes_is_closed_by_calls_of_others(
    stack: AsyncExitStack, target: Target
) -> None:
    connections, other = _connections(stack, timedelta(milliseconds=20)), await _listen(stack)
    await _call(connections, target.url)

    async def is_closed() -> bool:
        await _call(connections, other.url)
        return not target.open

    await eventually(is_closed, timeout=5)


async def test_no_more_stay_open_than_there_is_room_for(
    stack: AsyncExitStack, target: Target
) -> None:
    connections = _connections(stack)
    async with asyncio.TaskGroup() as group:
        for _ in range(110):
            group.create_task(_call(connections, target.url))
    await eventually(lambda: len(target.open) == 100, timeout=5)


async def test_at_the_end_none_is_open(stack: AsyncExitStack, target: Target) -> None:
    connections = _connections(stack)
    await _call(connections, target.url)
    await connections.close()
    await eventually(lambda: not target.open, timeout=5)
