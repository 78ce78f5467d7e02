"""What a channel besides Kafka is: a way to hand one message after the other over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from desk_notify.deliveries.decide import Outcome
from desk_notify.deliveries.model import Dispatch
from desk_notify.settings import NotifySettings


class Channel(Protocol):
    """One connection of one kind of channel, for one message at a time.

    `open` raises `DependencyDown` while the other side is away, so that nothing is attempted in
    vain. `send` says how it went and never raises for what the other side does.
    """

    async def open(self) -> None: ...

    async def send(self, dispatch: Dispatch, channel: str) -> Outcome: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A kind of channel, registered under the scheme of its URLs, such as `mailto`.

    `component` is its name in health, and the `dependency` of the `DependencyDown` that its
    channels raise. `connect` makes its connections, none where the settings do not ask for it.
    """

    component: str
    connect: Callable[[NotifySettings], Sequence[Channel]]
