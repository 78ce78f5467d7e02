"""What a person reads, for tests that are about the words themselves; others compare codes."""

from collections.abc import Iterable

from desk_contracts.message import Message
from desk_contracts.messages import catalogue


def english(messages: Message | Iterable[Message] | None) -> str:
    """The message or messages in English; nothing for none."""
    if messages is None:
        return ""
    spoken = catalogue("en")
    return (
        spoken.render(messages)
        if isinstance(messages, Message)
        else spoken.render_all(tuple(messages))
    )


def codes(messages: Iterable[Message]) -> list[str]:
    """The codes of the messages, in their order."""
    return [item.code for item in messages]
