"""The calls under way: so many at once, and none more once the service stops."""

import asyncio
import contextlib
from collections.abc import Generator
from datetime import timedelta

from desk_contracts.message import message

from desk_platform.http.refusals import Held, Overloaded, Stopping
from desk_platform.precedence import Precedence

# Long enough for a service to be there again, or for its load balancer to see that it is not.
_BACK_IN_SECONDS = 5.0
_HELD_SECONDS = 60.0


class Gate:
    """One for each application; probes and metrics pass beside it."""

    def __init__(self, most: int, precedence: Precedence) -> None:
        self._precedence = precedence
        self._most = most
        self.under_way = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self.is_closed = False
        self.is_held = False

    @contextlib.contextmanager
    def admit(self) -> Generator[None, None, None]:
        """Around a call; `Stopping` or `Overloaded` if it may not begin."""
        if self.is_closed:
            raise self.explain_stop()
        if self.is_held:
            raise Held(message("request.put-back"), retry_after=_HELD_SECONDS)
        if self.under_way >= self._most:
            raise Overloaded(message("request.busy"))
        self.under_way += 1
        self._empty.clear()
        try:
            with self._precedence.call():
                yield
        finally:
            self.under_way -= 1
            if self.under_way == 0:
                self._empty.set()

    def hold(self, is_held: bool) -> None:
        """Let nobody in until it is called again with False: a person has to decide first."""
        self.is_held = is_held

    async def close(self, grace: timedelta) -> int:
        """Lets nobody in from now on; how many calls are still under way after the grace."""
        self.is_closed = True
        try:
            async with asyncio.timeout(grace.total_seconds()):
                await self._empty.wait()
        except TimeoutError:
            return self.under_way
        return 0

    @staticmethod
    def explain_stop() -> Stopping:
        """What whoever comes too late is told."""
        return Stopping(message("request.restarted"), retry_after=_BACK_IN_SECONDS)
