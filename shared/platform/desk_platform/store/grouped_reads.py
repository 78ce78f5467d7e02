"""Single documents asked for by many at once, read together.

While one read is under way the next questions gather. None joins a read that has begun, so each is
answered from what was in the store after it was asked.
"""

import asyncio
import contextvars
from typing import Generic

from desk_platform.store.document import S, Unreadable
from desk_platform.store.documents import Documents


class GroupedReads(Generic[S]):
    """The states of one collection."""

    def __init__(self, documents: Documents[S]) -> None:
        self._documents = documents
        self._waiting: dict[str, asyncio.Future[S | None]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def find(self, id: str) -> S | None:
        """The document's state, None if there is none; `Unreadable` if it cannot be read."""
        answer = self._waiting.get(id)
        if answer is None:
            answer = self._waiting[id] = asyncio.get_running_loop().create_future()
        if self._runner is None or self._runner.done():
            # Several share a read, and none of their names belongs on it.
            self._runner = asyncio.create_task(self._drain(), context=contextvars.Context())
        return await asyncio.shield(answer)

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, {}
            try:
                await self._answer(group)
            except Exception as error:  # noqa: BLE001 (whoever asked gets it)
                _refuse(group, error)
            finally:
                for answer in group.values():  # none is left where the reader itself was ended
                    answer.cancel()

    async def _answer(self, group: dict[str, "asyncio.Future[S | None]"]) -> None:
        states = await self._documents.states(list(group))
        for id, answer in group.items():
            state = states.get(id)
            if isinstance(state, Unreadable):
                _refuse({id: answer}, state)
            else:
                answer.set_result(state)


def _refuse(group: dict[str, "asyncio.Future[S | None]"], error: Exception) -> None:
    for answer in group.values():
        if not answer.done():
            answer.set_exception(error)
            answer.exception()  # nobody may be left who waits
