"""Automation that kills itself with SIGKILL at a chosen boundary; only tests start it.

DIE_AT is `before:N` or `after:N` (the worker's N-th change of a run's document), or
`call:before` or `call:after` (the first effect, just before or just after it took place).
"""

import os
import signal
from dataclasses import replace
from functools import partial
from typing import NoReturn, TypeVar

from desk_automation.actions.answer import Answer
from desk_automation.actions.executor import Executor, Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.service import SERVICE, Hooks, compose
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Cause, Rule
from desk_platform.startup import start_service
from desk_platform.store import Stored
from pydantic import BaseModel

S = TypeVar("S", bound=BaseModel)
PLACE, _, NUMBER = os.environ["DIE_AT"].partition(":")


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit(9)


class DyingJournal(CommandQueue[S]):
    def __init__(self, inner: CommandQueue[S]) -> None:
        super().__init__(inner._unit_of_work)
        self._inner = inner
        self._changes = 0

    async def change(
        self, id: str, rule: Rule[S], cause: Cause | None = None, *, is_first: bool = False
    ) -> Stored[S]:
        self._changes += 1
        is_here = str(self._changes) == NUMBER
        if PLACE == "before" and is_here:
            die()
        stored = await self._inner.change(id, rule, cause, is_first=is_first)
        if PLACE == "after" and is_here:
            die()
        return stored


class DyingExecutor:
    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    def slot_of(self, call: Call) -> str | None:
        return self._inner.slot_of(call)

    async def close(self) -> None:
        await self._inner.close()

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        is_here = PLACE == "call" and attempt.kind == "act"
        if is_here and NUMBER == "before":
            die()
        answer = await self._inner.execute(attempt, run, token, fence)
        if is_here:
            die()
        return answer


if __name__ == "__main__":
    hooks = Hooks(around_executor=DyingExecutor, around_journal=DyingJournal)
    start_service(replace(SERVICE, compose=partial(compose, hooks=hooks)))
