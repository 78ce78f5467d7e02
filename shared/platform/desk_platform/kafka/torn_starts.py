"""A client that is stopped while it asks its first broker leaves no connection open.

aiokafka 0.14 holds that connection in a local variable until the broker has answered: a start that
is cancelled meanwhile loses it, and `stop` cannot close what the client does not know.
"""

from contextvars import ContextVar
from typing import Any

from aiokafka import client as aiokafka_client
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection

_bootstrap, _connect = AIOKafkaClient.bootstrap, aiokafka_client.create_conn
_opened: ContextVar[list[AIOKafkaConnection] | None] = ContextVar("_opened", default=None)


def close_torn_starts() -> None:
    """Have every client of this process do so."""
    AIOKafkaClient.bootstrap = _start
    aiokafka_client.create_conn = _open


async def _start(client: AIOKafkaClient) -> None:
    opened: list[AIOKafkaConnection] = []
    _opened.set(opened)
    try:
        await _bootstrap(client)
    except BaseException:  # above all a cancellation
        for connection in opened:
            connection.close()
        raise
    finally:
        _opened.set(None)


async def _open(*address: Any, **options: Any) -> AIOKafkaConnection:
    connection = await _connect(*address, **options)
    opened = _opened.get()
    if opened is not None:
        opened.append(connection)
    return connection
