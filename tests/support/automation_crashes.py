"""A worker that dies before or after one of its document writes."""

from dataclasses import dataclass

from desk_platform.kafka import CommandQueue, UnitOfWork
from desk_platform.kafka.unit_of_work import Cause, Rule
from desk_platform.store import Stored
from desk_platform.store.document import S


class Crash(BaseException):
    """The worker dies here: nothing of it goes on."""


@dataclass
class Boundary:
    """Counts every document write of the worker; it dies before or after one of them."""

    before: int | None = None
    after: int | None = None
    changes: int = 0


class CrashingCommands(CommandQueue[S]):
    """Changes of one collection that pass the boundary."""

    def __init__(self, unit_of_work: UnitOfWork[S], boundary: Boundary) -> None:
        super().__init__(unit_of_work)
        self._boundary = boundary

    async def change(
        self, id: str, rule: Rule[S], cause: Cause | None = None, *, is_first: bool = False
    ) -> Stored[S]:
        self._boundary.changes += 1
        number = self._boundary.changes
        if number == self._boundary.before:
            raise Crash
        stored = await super().change(id, rule, cause, is_first=is_first)
        if number == self._boundary.after:
            raise Crash
        return stored
