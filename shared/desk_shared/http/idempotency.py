"""Safe retries: the second call with one `Idempotency-Key` gets the first one's answer.

Follows draft-ietf-httpapi-idempotency-key-header-07: missing 400, another payload 422, still
running 409. Only answers below 400 are kept: a refusal changed nothing, so it may be tried anew.
"""

import contextlib
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk_shared.clock import Clock
from desk_shared.errors import KeyReused, Transient
from desk_shared.http.principal import Principal, current_principal
from desk_shared.http.refusals import BadRequest, StillRunning

# A day to notice a lost answer and repeat; published in the OpenAPI document.
KEEP_FOR = timedelta(hours=24)
# Longer than any request may take; a claim older than this belongs to a dead process.
CLAIM_FOR = timedelta(seconds=60)
# Larger answers are not kept: the second call is refused as still running until the claim expires.
MAX_KEPT = 256 * 1024
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SLOT = "desk.idempotency"
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag", b"link"})


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer as it goes over the wire again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """The key is ours: the claim that `finish` and `abandon` must show. Fences only grow."""

    key: str
    fence: int


@dataclass(frozen=True, slots=True)
class Replay:
    """It was done before, with this answer."""

    response: StoredResponse


@dataclass(frozen=True, slots=True)
class InProgress:
    """Somebody is doing it just now."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The key stands for another request."""


Outcome = Fresh | Replay | InProgress | Mismatch


@dataclass(frozen=True, slots=True)
class Entry:
    """What a store keeps under a key; the fence is the document's version, never reset."""

    fingerprint: str
    fence: int
    expires_at: datetime
    response: StoredResponse | None = None


class IdempotencyStore(Protocol):
    """Where keys are kept. `decide` says what `begin` answers; writes are guarded by the fence."""

    async def begin(self, key: str, fingerprint: str, now: datetime) -> Outcome:
        """Claims the key, or says why not; a `Fresh` answer is already written down."""
        ...

    async def finish(self, claim: Fresh, response: StoredResponse, now: datetime) -> None:
        """Keeps the answer if the claim still holds, else does nothing."""
        ...

    async def abandon(self, claim: Fresh, now: datetime) -> None:
        """Frees the key if the claim still holds: its entry expires now, its fence stays."""
        ...


def decide(entry: Entry | None, key: str, fingerprint: str, now: datetime) -> Outcome:
    """The one rule of every store: what a call finds under its key."""
    if entry is None:
        return Fresh(key, fence=1)
    if entry.expires_at <= now:
        return Fresh(key, fence=entry.fence + 1)
    if entry.fingerprint != fingerprint:
        return Mismatch()
    return Replay(entry.response) if entry.response else InProgress()


@dataclass(frozen=True, slots=True)
class IdempotentCall:
    """Derive ids from `seed`, and even a crash in mid-call makes no second ticket."""

    seed: str
    fingerprint: str


@dataclass(slots=True)
class _Slot:
    claim: Fresh | None = None


class Replayed(Exception):
    """Ends a request with the answer given before."""

    def __init__(self, response: StoredResponse) -> None:
        super().__init__("answered before")
        self.response = response


async def keyed(request: Request) -> IdempotentCall:
    """Dependency of a call whose own first write is its record, so that it costs no other.

    The endpoint inserts a document whose id is derived from `seed` and which keeps `fingerprint`.
    When that id is taken it calls `check_same` and answers from the document that is there.
    """
    principal = await current_principal(request)
    key = _scoped(request, principal, read_key(request.headers.get("idempotency-key")))
    return IdempotentCall(seed=key, fingerprint=_fingerprint(request, await request.body()))


async def idempotent(request: Request) -> IdempotentCall:
    """Dependency of every other unsafe call: claims the key, the answer is kept and replayed."""
    call = await keyed(request)
    request.scope[_SLOT].claim = await _begin(request, call)
    return call


def check_same(call: IdempotentCall, fingerprint: str) -> None:
    """`KeyReused` when what is stored under a call's key came from another request."""
    if call.fingerprint != fingerprint:
        raise KeyReused


async def _begin(request: Request, call: IdempotentCall) -> Fresh:
    state = request.app.state
    store: IdempotencyStore = state.idempotency
    clock: Clock = state.clock
    outcome = await store.begin(call.seed, call.fingerprint, clock.now())
    if isinstance(outcome, Replay):
        raise Replayed(outcome.response)
    if isinstance(outcome, Mismatch):
        raise KeyReused
    if isinstance(outcome, InProgress):
        raise StillRunning("The first call with this Idempotency-Key is still running; wait a bit.")
    return outcome


def read_key(header: str | None) -> str:
    """The key, whether quoted as the draft says or bare as most send it."""
    if header is None or not header.strip():
        raise BadRequest(
            "Send an Idempotency-Key header with a new random value, so that a repeated call"
            " does nothing twice.",
            code="idempotency-key-missing",
        )
    text = header.strip()
    if text.startswith('"'):
        found = _QUOTED.fullmatch(text)
        text = re.sub(r"\\(.)", r"\1", found[1]) if found else ""
    if not 1 <= len(text) <= 255 or not text.isascii() or not text.isprintable():
        raise BadRequest(
            "The Idempotency-Key cannot be read; send 1 to 255 printable ASCII characters.",
            code="idempotency-key-unreadable",
        )
    return text


def _scoped(request: Request, principal: Principal, key: str) -> str:
    route = str(getattr(request.scope.get("route"), "path", request.scope["path"]))
    whole = "\n".join((principal.subject, request.method, route, key))
    return hashlib.sha256(whole.encode()).hexdigest()


def _fingerprint(request: Request, body: bytes) -> str:
    digest = hashlib.sha256(request.scope["path"].encode())
    digest.update(b"?" + request.scope["query_string"] + b"\n")
    digest.update(body)
    return digest.hexdigest()


class IdempotencyMiddleware:
    """Keeps the answers of claimed calls before they leave; all else passes untouched."""

    def __init__(self, app: ASGIApp, store: IdempotencyStore, clock: Clock) -> None:
        self._app = app
        self._store = store
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in UNSAFE:
            await self._app(scope, receive, send)
            return
        slot = scope[_SLOT] = _Slot()
        keeper = _Keeper(slot, send, self._store, self._clock)
        try:
            await self._app(scope, receive, keeper.send)
        finally:
            await keeper.abandon()


class _Keeper:
    """Holds one answer back until it is whole and kept."""

    def __init__(self, slot: _Slot, send: Send, store: IdempotencyStore, clock: Clock) -> None:
        self._slot = slot
        self._pass_on = send
        self._store = store
        self._clock = clock
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if self._slot.claim is None:
            await self._pass_on(message)
        elif message["type"] == "http.response.start":
            self._start = message
        elif self._start is not None:
            await self._collect(message)

    async def _collect(self, message: Message) -> None:
        part = message.get("body", b"")
        self._body = self._body + part if self._body else part
        is_whole = not message.get("more_body", False)
        if not is_whole and len(self._body) <= MAX_KEPT:
            return
        start = self._start
        if start is None:
            return
        await self._settle(start, is_kept=is_whole and len(self._body) <= MAX_KEPT)
        await self._pass_on(start)
        await self._pass_on({**message, "body": self._body})

    async def _settle(self, start: Message, *, is_kept: bool) -> None:
        """The work is done: a store that fails now must not turn the answer into an error."""
        claim, self._slot.claim = self._slot.claim, None
        if claim is None:
            return
        now = self._clock.now()
        with contextlib.suppress(Transient):
            if start["status"] >= 400:
                await self._store.abandon(claim, now)
            elif is_kept:
                await self._store.finish(claim, _stored(start, self._body), now)

    async def abandon(self) -> None:
        """For calls that ended without an answer; without the store, the claim just expires."""
        claim, self._slot.claim = self._slot.claim, None
        if claim is not None:
            with contextlib.suppress(Transient):
                await self._store.abandon(claim, self._clock.now())


def _stored(start: Message, body: bytes) -> StoredResponse:
    kept = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in start.get("headers", [])
        if name.lower() in _KEPT_HEADERS
    )
    return StoredResponse(start["status"], kept, body)


async def answer_replay(_: Request, replayed: Exception) -> Response:
    """The stored answer, marked as such."""
    if not isinstance(replayed, Replayed):
        raise replayed
    stored = replayed.response
    response = Response(stored.body, stored.status, headers=dict(stored.headers))
    response.headers["Idempotency-Replayed"] = "true"
    return response


def calls_without_key(app: FastAPI) -> list[str]:
    """Unsafe routes that ask for no idempotency key; a test wants this empty."""
    found = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        unsafe = UNSAFE & (route.methods or set())
        if unsafe and not (isinstance(dependant, Dependant) and asks_for_key(dependant)):
            found.append(f"{','.join(sorted(unsafe))} {route.path}")
    return found


def asks_for_key(dependant: Dependant) -> bool:
    """Whether a route wants an idempotency key."""
    return dependant.call in (keyed, idempotent) or any(map(asks_for_key, dependant.dependencies))
