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
        self._waiting: dict[str, list[asyncio.Future[S | None]]] = {}
        self._runner: asyncio.Task[None] | None = None

    def find(self, id: str) -> "asyncio.Future[S | None]":
        """The document's state, None if there is none; `Unreadable` if it cannot be read.

        It is asked for at once, so who wants several things asks for all before waiting for any.
        """
        answer: asyncio.Future[S | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, []).append(answer)
        if self._runner is None or self._runner.done():
            # Several share a read, and none of their names belongs on it.
            self._runner = asyncio.create_task(self._drain(), context=contextvars.Context())
        return answer

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, {}
            try:
                await self._answer(group)
            except Exception as error:  # noqa: BLE001 (whoever asked gets it)
                for answers in group.values():
                    _refuse(answers, error)
            finally:
                for answers in group.values():
                    for answer in answers:
                        answer.cancel()  # none is left where the reader itself was ended

    async def _answer(self, group: "dict[str, list[asyncio.Future[S | None]]]") -> None:
        states = await self._documents.states(list(group))
        for id, answers in group.items():
            state = states.get(id)
            if isinstance(state, Unreadable):
                _refuse(answers, state)
                continue
            for answer in answers:
                if not answer.done():  # whoever asked has gone
                    answer.set_result(state)


def _refuse(answers: "list[asyncio.Future[S | None]]", error: Exception) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(error)
            answer.exception()  # nobody may be left who waits
