"""What is written to a connection that has just ended is refused as a lost connection.

uvloop answers such a write with `RuntimeError`, asyncio with nothing. aiokafka 0.14 expects an
`OSError` and takes all else for an error of its own: the coordination of a group, or the reading,
ends for ever. It was seen when a broker was killed in the moment in which its coordinator was
looked for.
"""

from collections.abc import Awaitable
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def refuse_closed_transports() -> None:
    """Have every connection of this process do so."""
    AIOKafkaConnection.send = _send_or_refuse


def _send_or_refuse(
    connection: AIOKafkaConnection, *request: Any, **options: Any
) -> Awaitable[Any]:
    try:
        answer: Awaitable[Any] = _send(connection, *request, **options)
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"the connection is closed: {error}") from error
    return answer
