"""Messages as a text that JSON takes, whatever bytes they hold."""

import json
from collections.abc import Sequence

from desk_contracts.codec import Message


def write_messages(messages: Sequence[Message]) -> str | None:
    """As a row keeps them; None for none."""
    if not messages:
        return None
    return json.dumps(
        [
            [
                message.topic,
                _text(message.key),
                _text(message.value),
                [[name, _text(value)] for name, value in message.headers],
            ]
            for message in messages
        ]
    )


def read_messages(text: str | None) -> tuple[Message, ...]:
    """Back from a row."""
    if text is None:
        return ()
    return tuple(
        Message(
            topic, _bytes(key), _bytes(value), tuple((name, _bytes(item)) for name, item in headers)
        )
        for topic, key, value, headers in json.loads(text)
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
