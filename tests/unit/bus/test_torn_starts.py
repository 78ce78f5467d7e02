"""A client that is stopped in the midst of its start closes what it opened."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.admin import ApiVersionResponse_v0
from desk_platform.kafka.torn_starts import close_torn_starts
from desk_testing import eventually

_SIZE = _CORRELATION = struct.Struct(">i")
_CORRELATION_AT = 4
_METADATA = (3, 0, 1)  # the request's key, and the versions of it that the broker knows


class SilentBroker:
    """It says which requests it knows, and never which brokers there are."""

    def __init__(self) -> None:
        self.requests = 0
        self.is_left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = _SIZE.unpack(await reader.readexactly(_SIZE.size))
                request = await reader.readexactly(size)
                self.requests += 1
                if self.requests == 1:
                    versions = ApiVersionResponse_v0(error_code=0, api_versions=[_METADATA])
                    (number,) = _CORRELATION.unpack_from(request, _CORRELATION_AT)
                    answer = _CORRELATION.pack(number) + versions.encode()
                    writer.write(_SIZE.pack(len(answer)) + answer)
        except asyncio.IncompleteReadError:
            self.is_left.set()
        finally:
            writer.close()


@asynccontextmanager
async def silent_broker() -> AsyncIterator[tuple[SilentBroker, str]]:
    broker = SilentBroker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server:
        yield broker, f"{host}:{port}"


async def test_a_start_that_is_cancelled_leaves_its_first_broker() -> None:
    close_torn_starts()
    async with silent_broker() as (broker, address):
        consumer = AIOKafkaConsumer(bootstrap_servers=address, group_id=None)
        starting = asyncio.create_task(consumer.start())

        async def is_waiting_for_brokers() -> bool:
            return broker.requests > 1

        await eventually(is_waiting_for_brokers)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await consumer.stop()
        async with asyncio.timeout(5):
            await broker.is_left.wait()
