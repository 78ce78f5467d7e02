"""The port to targets: who carries an action out."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from desk_automation.actions.answer import Answer
from desk_automation.actions.model import Attempt

# Whether the run is still the caller's; asked at the last moment before a byte leaves.
Fence = Callable[[], Awaitable[bool]]


class Executor(Protocol):
    """Sends one call and says what became of it; never raises for what a target does.

    `token` is the fencing token: a target that keeps the largest it saw can refuse older ones.
    """

    async def call(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer: ...
