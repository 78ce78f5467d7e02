"""What is written to a connection that has ended, and a client that ended by itself."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest
from desk_platform.clock import FakeClock
from desk_platform.health import Health, Marks
from desk_platform.kafka.closed_transports import refuse_closed_transports


class ClosedWriter:
    """As uvloop's, whose transport is closed."""

    def write(self, _data: bytes) -> None:
        raise RuntimeError("unable to perform operation; the handler is closed")

    def close(self) -> None:
        """It is."""


async def test_a_closed_transport_is_a_lost_connection() -> None:
    refuse_closed_transports()
    connection = AIOKafkaConnection("127.0.0.1", 1)
    connection._reader, connection._writer = asyncio.StreamReader(), ClosedWriter()
    connection._read_task = asyncio.get_running_loop().create_future()
    with pytest.raises(KafkaConnectionError, match="the connection is closed"):
        await connection.send(MetadataRequest([]))
    assert not connection.connected()


def test_a_consumer_whose_client_has_ended_is_not_alive_though_it_pauses() -> None:
    health = Health(FakeClock(datetime(2026, 7, 1, tzinfo=UTC)))
    progress = health.consumer("desk.tickets")
    progress.mark_assignment(3)
    progress.pause("the brokers are away")
    assert health.answer_live().is_ok
    progress.read_marks = lambda: Marks(trouble="nobody expects this", has_ended=True)
    reasons = ("desk.tickets reads no more: nobody expects this",)
    assert health.answer_live().reasons == reasons
