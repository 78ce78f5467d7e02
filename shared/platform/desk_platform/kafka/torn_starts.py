"""A client that is stopped while it asks its first broker leaves no connection open.

aiokafka 0.14 holds that connection in a local variable until the broker has answered: a start that
is cancelled meanwhile loses it, and `stop` cannot close what the client does not know.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from aiokafka import client as aiokafka_client
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection

_bootstrap, _connect = AIOKafkaClient.bootstrap, aiokafka_client.create_conn
# Tasks that a start begins see it for as long as they live, so it keeps no connection alive.
_opened: ContextVar[WeakSet[AIOKafkaConnection] | None] = ContextVar("_opened", default=None)


def close_torn_starts() -> None:
    """Have every client of this process do so."""
    AIOKafkaClient.bootstrap = _start
    aiokafka_client.create_conn = _open


async def _start(client: AIOKafkaClient) -> None:
    opened = WeakSet[AIOKafkaConnection]()
    _opened.set(opened)
    with ExitStack() as torn:
        torn.callback(_close, opened)
        await _bootstrap(client)
        torn.pop_all()  # from here on the client knows what is open


async def _open(*address: Any, **options: Any) -> AIOKafkaConnection:
    connection = await _connect(*address, **options)
    opened = _opened.get()
    if opened is not None:
        opened.add(connection)
    return connection


def _close(connections: Iterable[AIOKafkaConnection]) -> None:
    for connection in connections:
        connection.close()
