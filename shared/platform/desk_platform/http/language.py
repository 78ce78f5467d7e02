"""Answers in the caller's language, as it asks for it with `Accept-Language`.

The language of a request stands in a context variable, as its trace and its correlation id do.
"""

from collections.abc import Iterable
from contextvars import ContextVar

from desk_contracts.frozen import Frozen
from desk_contracts.message import Carried, Message
from desk_contracts.messages import Catalogue, Language, catalogue, negotiate

_language: ContextVar[Language] = ContextVar("desk_language", default="en")


def speak(accepted: str | None) -> Language:
    """Answer this request in what suits its `Accept-Language` best, and say which that is."""
    language = negotiate(accepted)
    _language.set(language)
    return language


def spoken_catalogue() -> Catalogue:
    """The catalogue of the request that is being answered."""
    return catalogue(_language.get())


def sentence(message: Message) -> str:
    """The message in the language of the request that is being answered."""
    return spoken_catalogue().render(message)


class Statement(Frozen):
    """Something that the desk says: for people as a sentence, for machines as code and facts."""

    code: str
    """Which message of the catalogue it is; stable."""
    params: dict[str, Carried]
    """The facts in it. Moments are RFC 3339 in UTC, durations are in seconds."""
    text: str
    """The same as a sentence, in the language of the answer."""


def statements(messages: Iterable[Message]) -> tuple[Statement, ...]:
    """The messages as views show them, in the language of the request."""
    return tuple(
        Statement(code=message.code, params=message.params, text=sentence(message))
        for message in messages
    )
