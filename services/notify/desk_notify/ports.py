"""What notify needs of the world outside: a way to hand a message over to a channel."""

from typing import Protocol

from desk_notify.domain.deliveries import Outcome
from desk_notify.domain.model import Dispatch


class Channel(Protocol):
    """One line of one kind of channel, for one message at a time.

    `open` raises `DependencyDown` while the other side is away, so that nothing is attempted in
    vain. `send` says how it went and never raises for what the other side does.
    """

    async def open(self) -> None: ...

    async def send(self, dispatch: Dispatch, channel: str) -> Outcome: ...

    async def close(self) -> None: ...
