"""Seals what a document publishes; the end of its chain is a part of its state. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from desk_contracts import Message, names
from desk_contracts.chain import ChainKey, Link
from desk_kernel import Decision


class Chained(Protocol):
    """A state that knows where its chain ends."""

    @property
    def link(self) -> Link: ...

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


C = TypeVar("C", bound=Chained)


class Sealing:
    """One chain for each document, by its id behind a prefix.

    It is written together with what was decided and what waits to be sent, so a crash parts none
    of them, and what is sent again is the same to the byte. Without a key nothing is sealed.
    """

    def __init__(self, key: ChainKey | None, prefix: str = "") -> None:
        self._key, self._prefix = key, prefix

    def within(self, prefix: str) -> "Sealing":
        """For documents whose ids may be those of others."""
        return Sealing(self._key, prefix)

    def __call__(
        self, id: str, before: C | None, decision: Decision[C], messages: Sequence[Message]
    ) -> tuple[Decision[C], Sequence[Message]]:
        """The state with its chain's new end, and the messages with their seals."""
        if self._key is None:
            return decision, messages
        end, sealed = Link() if before is None else before.link, list[Message]()
        for message in messages:
            after = message
            if message.topic == names.AUTOMATION:
                end, after = self._key.seal(self._prefix + id, end, message)
            sealed.append(after)
        if end == decision.state.link:
            return decision, sealed
        return decision._replace(state=decision.state.model_copy(update={"link": end})), sealed
