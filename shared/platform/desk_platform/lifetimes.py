"""What a service opens when it starts and closes, in reverse, when it stops."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

# One that fails to open may be tried again: a dependency that is away at first is no trouble.
Lifetime = AbstractAsyncContextManager[object]
Action = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Beginning(AbstractAsyncContextManager[None]):
    """Something to be done before all that is opened later; there is nothing to close."""

    action: Action

    async def __aenter__(self) -> None:
        await self.action()

    async def __aexit__(self, *failure: object) -> None:
        return


@dataclass(frozen=True, slots=True)
class Ending(AbstractAsyncContextManager[None]):
    """Something to be done when all that was opened later is closed."""

    action: Action

    async def __aenter__(self) -> None:
        return

    async def __aexit__(self, *failure: object) -> None:
        await self.action()
