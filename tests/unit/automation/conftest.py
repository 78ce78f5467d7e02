"""A server on this machine, and the executor that calls it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from desk_automation.adapters.executors.http import HttpExecutor
from desk_automation.adapters.executors.http_hosts import Hosts

from tests.support.automation_server import Server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@pytest.fixture
async def executor() -> AsyncIterator[HttpExecutor]:
    executor = HttpExecutor(Hosts(("localhost:*", "127.0.0.0/8:*")))
    yield executor
    await executor.close()
