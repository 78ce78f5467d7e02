"""Calls that were carried out, kept for as long as a repetition must be harmless.

The identities of events that were handled are kept in the same way.
A document has its newest calls in itself, where they change in its own write. The older ones are
put here before it lets them go, so that their number bounds nothing.
"""

from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from desk_contracts.ids import identity

from desk_platform.clock import Clock
from desk_platform.heartbeat import beat

SWEEP_EVERY = timedelta(minutes=10)
# So many are removed in one write: little enough that calls do not wait behind it.
SWEPT_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class KeptCall:
    """One call on one document: its key, what was asked, until when it must be known."""

    document: str
    key: str
    fingerprint: str
    until: datetime

    @property
    def id(self) -> str:
        """One call may change several documents, each of which keeps it for itself."""
        return identity(self.document, self.key)


class KeptCalls(Protocol):
    """Where they are kept; `FakeKeptCalls` passes the same contract suite."""

    async def prepare(self) -> None: ...
    async def keep(self, calls: Sequence[KeptCall]) -> None: ...
    async def find(self, document: str, key: str) -> str | None: ...
    async def find_all(self, ids: Some[str]) -> dict[str, str]: ...
    async def sweep(self, limit: int) -> int: ...


class Sweeper:
    """Removes what is over, for as long as the service runs."""

    def __init__(self, calls: KeptCalls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock

    async def run(self) -> None:
        """Again and again, until cancelled."""
        while True:
            while await self._calls.sweep(SWEPT_AT_ONCE) == SWEPT_AT_ONCE:
                pass
            beat()
            await self._clock.sleep(SWEEP_EVERY)
