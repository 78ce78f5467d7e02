"""The calls under way: so many at once, and none more once the service stops.

Answers that stay open, as streams of events do, are counted apart: they hold no place of a call,
and end when the service stops.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Generator
from datetime import timedelta

from desk_contracts.message import message

from desk_platform.http.refusals import Held, Overloaded, Stopping, TooManyRequests
from desk_platform.precedence import Precedence

# Long enough for a service to be there again, or for its load balancer to see that it is not.
_BACK_IN_SECONDS = 5.0
_HELD_SECONDS = 60.0
# Streams in one process, and of one person. Three quarters of the connections that are open at once
# by default; a person has a few windows and a telephone.
MAX_STREAMS, MAX_STREAMS_EACH = 1_500, 20
_NEXT_TRY_SECONDS = 10.0


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
        self._streams: dict[object, Callable[[], None]] = {}
        self._streams_of: Counter[str] = Counter()

    def admit(self) -> "Place":
        """Around a call; `Stopping` or `Overloaded` if it may not begin."""
        return Place(self)

    @contextlib.contextmanager
    def hold_open(self, person: str, end: Callable[[], None]) -> Generator[None, None, None]:
        """Around an answer that stays open; `end` is called when the service stops.

        `Stopping`, `Overloaded` or `TooManyRequests` if it may not begin.
        """
        if self.is_closed:
            raise self.explain_stop()
        if len(self._streams) >= MAX_STREAMS:
            raise Overloaded(message("request.busy"), retry_after=_NEXT_TRY_SECONDS)
        if self._streams_of[person] >= MAX_STREAMS_EACH:
            why = message("request.too-many-streams", most=MAX_STREAMS_EACH)
            raise TooManyRequests(why, retry_after=_NEXT_TRY_SECONDS)
        self._streams[mark := object()] = end
        self._streams_of[person] += 1
        try:
            yield
        finally:
            del self._streams[mark]
            self._streams_of[person] -= 1
            if not self._streams_of[person]:
                del self._streams_of[person]

    def enter(self) -> None:
        """One more call is under way; `Stopping` or `Overloaded` if it may not begin."""
        if self.is_closed:
            raise self.explain_stop()
        if self.is_held:
            raise Held(message("request.put-back"), retry_after=_HELD_SECONDS)
        if self.under_way >= self._most:
            raise Overloaded(message("request.busy"))
        self.under_way += 1
        self._empty.clear()
        self._precedence.begin_call()

    def leave(self) -> None:
        """One of those under way is so no more."""
        self._precedence.end_call()
        self.under_way -= 1
        if self.under_way == 0:
            self._empty.set()

    def hold(self, is_held: bool) -> None:
        """Let nobody in until it is called again with False: a person has to decide first."""
        self.is_held = is_held

    async def close(self, grace: timedelta) -> int:
        """Lets nobody in from now on; how many calls are still under way after the grace."""
        self.is_closed = True
        for end in tuple(self._streams.values()):
            end()
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


class Place:
    """That of one call, until it ends or an answer that stays open leaves it before."""

    __slots__ = ("_gate", "_is_left")

    def __init__(self, gate: Gate) -> None:
        self._gate, self._is_left = gate, False

    def __enter__(self) -> "Place":
        self._gate.enter()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Once, however often it is called."""
        if not self._is_left:
            self._is_left = True
            self._gate.leave()
