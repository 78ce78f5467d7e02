"""Fakes of what the HTTP side stands on; each passes the same contract suite as the real one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from desk_shared.http.idempotency import (
    CLAIM_FOR,
    KEEP_FOR,
    Entry,
    Fresh,
    Outcome,
    StoredResponse,
    decide,
)
from desk_shared.http.principal import Principal
from desk_shared.http.refusals import Unauthenticated


class FakeIdempotencyStore:
    """Keys in memory."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    async def begin(self, key: str, fingerprint: str, now: datetime) -> Outcome:
        outcome = decide(self.entries.get(key), key, fingerprint, now)
        if isinstance(outcome, Fresh):
            self.entries[key] = Entry(fingerprint, outcome.fence, now + CLAIM_FOR)
        return outcome

    async def finish(self, claim: Fresh, response: StoredResponse, now: datetime) -> None:
        if held := self._held(claim):
            self.entries[claim.key] = replace(held, response=response, expires_at=now + KEEP_FOR)

    async def abandon(self, claim: Fresh, now: datetime) -> None:
        if held := self._held(claim):
            self.entries[claim.key] = replace(held, expires_at=now)

    def _held(self, claim: Fresh) -> Entry | None:
        entry = self.entries.get(claim.key)
        is_held = entry is not None and entry.fence == claim.fence and entry.response is None
        return entry if is_held else None


class FakeAuthenticator:
    """Knows callers by their token: `Authorization: Bearer ana`."""

    def __init__(self, *known: Principal) -> None:
        self._known = {one.subject: one for one in known}

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._known:
            raise Unauthenticated("Please sign in.")
        return self._known[token]

    def describe(self) -> dict[str, object]:
        return {"by": "names", "who": sorted(self._known)}
