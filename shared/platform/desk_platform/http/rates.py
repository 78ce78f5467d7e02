"""How often one caller may call: token buckets in this process, and the headers that tell of them.

The headers are those of the IETF's draft "RateLimit header fields for HTTP" (08 and later):
`RateLimit-Policy` says what holds, `RateLimit` what is left of it.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from desk_contracts.message import message
from starlette.types import Scope

from desk_platform.http.refusals import TooManyRequests
from desk_platform.settings import HttpSettings

# A caller that has not called for the longest time is forgotten: its bucket is full by then.
MAX_BUCKETS = 10_000
# Where a call gathers headers of its answer.
HEADERS_KEY = "desk.headers"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one call was told: `left` calls at once, all of them again after `full_in` seconds."""

    left: int
    full_in: float
    wait: float = 0.0


class Buckets:
    """One bucket for each key. What is kept is the moment when a bucket will be full again."""

    def __init__(
        self,
        name: str,
        rate: float,
        burst: int,
        now: Callable[[], float] = time.monotonic,
        most: int = MAX_BUCKETS,
    ) -> None:
        self._each = 1 / rate
        self._span = burst / rate
        self._now, self._most = now, most
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._name = name
        window = max(1, math.ceil(self._span))
        self.policy = f'"{name}";q={burst};w={window}'.encode()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str) -> Allowance:
        """One call of this key; with a `wait` it was one too many and took nothing."""
        now = self._now()
        full_at = max(self._full_at.get(key, now), now)
        later = full_at + self._each - now
        wait = later - self._span
        # A hair's breadth is rounding, not a call.
        if wait > 1e-9:
            return Allowance(0, full_at - now, wait)
        self._full_at[key] = now + later
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return Allowance(int((self._span - later) / self._each + 1e-9), later)

    def headers(self, allowance: Allowance) -> list[tuple[bytes, bytes]]:
        """What the answer tells of it."""
        left = f'"{self._name}";r={allowance.left};t={math.ceil(allowance.full_in)}'
        return [(b"ratelimit-policy", self.policy), (b"ratelimit", left.encode())]


class RateLimits:
    """Those who sign in are counted by who they are, all others by where they come from."""

    def __init__(self, settings: HttpSettings) -> None:
        self._callers = Buckets("caller", settings.rate, settings.burst)
        self._anonymous = Buckets("address", settings.anonymous_rate, settings.anonymous_burst)

    def count_caller(self, scope: Scope, subject: str) -> None:
        """`TooManyRequests` if this person or system calls more often than agreed."""
        _count(self._callers, subject, scope)

    def count_anonymous(self, scope: Scope) -> None:
        """`TooManyRequests` if too many calls without sign-in come from this address."""
        client = scope.get("client")
        _count(self._anonymous, client[0] if client else "", scope)


def _count(buckets: Buckets, key: str, scope: Scope) -> None:
    allowance = buckets.take(key)
    scope.get(HEADERS_KEY, []).extend(buckets.headers(allowance))
    if allowance.wait:
        why = message("request.too-many", wait=math.ceil(allowance.wait))
        raise TooManyRequests(why, retry_after=allowance.wait)
