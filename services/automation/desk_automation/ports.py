"""What automation needs from outside: somebody who calls targets, and documents to change."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from desk_shared.bus.unit_of_work import Cause, Rule
from desk_shared.store import Stored
from pydantic import BaseModel

from desk_automation.domain.answers import Answer
from desk_automation.domain.moves import Attempt

S = TypeVar("S", bound=BaseModel)
# Whether the run is still the caller's; asked at the last moment before a byte leaves.
Fence = Callable[[], Awaitable[bool]]


class Executor(Protocol):
    """Sends one call and says what became of it; never raises for what a target does.

    `token` is the fencing token: a target that keeps the largest it saw can refuse older ones.
    """

    async def call(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer: ...


class Changes(Protocol[S]):
    """Changes one document by a pure rule, durably; `bus.Commands` is the real one."""

    async def change(self, id: str, rule: Rule[S], cause: Cause | None = None) -> Stored[S]: ...


class Reads(Protocol[S]):
    """Reads documents as they are in the store now."""

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]: ...


Jitter = Callable[[], float]
Nudge = Callable[[str], Awaitable[None]]
