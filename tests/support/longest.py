"""How long a message may be, and signs that take most room."""

from collections.abc import Sequence

from desk_contracts import Message
from desk_contracts.topics import MAX_EVENT_BYTES

# One byte, three bytes, and six in JSON, whose writers outage control characters out.
SIGNS = ["a", "漢", "\x01", '"']


MOST_HEADER_BYTES = 8 * 1024


def check(messages: Sequence[Message]) -> int:
    """How many there are, each within the limits; the codec itself refuses a longer value."""
    for message in messages:
        assert len(message.value) <= MAX_EVENT_BYTES
        headers = sum(len(name) + len(text) + 10 for name, text in message.headers)
        assert headers + len(message.key) <= MOST_HEADER_BYTES
    return len(messages)
