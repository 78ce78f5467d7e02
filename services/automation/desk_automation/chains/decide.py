"""Seals what a document publishes; the end of its chain is a part of its state. Pure: which keys
there are now is asked of who reads them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from desk_contracts import Message, names
from desk_contracts.chain import Link
from desk_contracts.chain_keys import ChainKeys
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
    of them, and what is sent again is the same to the byte. Without keys nothing is sealed.
    One that is changed meanwhile seals the next decision; the chain goes on over the change.
    """

    def __init__(self, keys: Callable[[], ChainKeys] | None, prefix: str = "") -> None:
        self._keys, self._prefix = keys, prefix

    def within(self, prefix: str) -> "Sealing":
        """For documents whose ids may be those of others."""
        return Sealing(self._keys, prefix)

    def __call__(
        self, id: str, before: C | None, decision: Decision[C], messages: Sequence[Message]
    ) -> tuple[Decision[C], Sequence[Message]]:
        """The state with its chain's new end, and the messages with their seals."""
        if self._keys is None:
            return decision, messages
        key = self._keys().sealing
        end, sealed = Link() if before is None else before.link, list[Message]()
        for message in messages:
            after = message
            if message.topic == names.AUTOMATION:
                end, after = key.seal(self._prefix + id, end, message)
            sealed.append(after)
        if end == decision.state.link:
            return decision, sealed
        return decision._replace(state=decision.state.model_copy(update={"link": end})), sealed
