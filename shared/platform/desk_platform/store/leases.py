"""Leases with fencing: one worker at a time, and a number that tells an old holder from a new one.

Whoever acts for a lease hands its token on; a larger token means that the holder is outdated.
Martin Kleppmann, "How to do distributed locking" (2016), says why the token is needed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for `name` until `expires`; the token only ever grows."""

    name: str
    holder: str
    token: int
    expires: datetime


class Leases(Protocol):
    """Where leases are kept; `FakeLeases` passes the same contract suite."""

    async def prepare(self) -> None: ...
    async def acquire(self, name: str, holder: str, term: timedelta) -> Lease | None: ...
    async def renew(self, lease: Lease, term: timedelta) -> Lease | None: ...
    async def release(self, lease: Lease) -> None: ...
    async def forget(self, lease: Lease) -> None: ...
