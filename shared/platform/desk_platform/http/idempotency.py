"""Safe retries: a call repeated under its `Idempotency-Key` does nothing a second time.

Follows draft-ietf-httpapi-idempotency-key-header-07: missing 400, another payload 422. A call is
its own record: what it writes keeps the key, so there is no store of answers.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from desk_contracts.errors import KeyReused
from desk_contracts.message import message
from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from desk_platform.http.principal import Policy, Principal, Role, current_principal, require
from desk_platform.http.refusals import BadRequest

# A day to notice a lost answer and repeat; published in the OpenAPI document.
KEEP_FOR = timedelta(hours=24)
_LONGEST = 255
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')


@dataclass(frozen=True, slots=True)
class IdempotentCall:
    """Derive ids from `seed`, and even a crash in mid-call makes no second ticket."""

    seed: str
    fingerprint: str


async def require_key(request: Request) -> IdempotentCall:
    """Dependency of a call whose own first write is its record, so that it costs no other.

    The endpoint inserts a document whose id is derived from `seed` and which keeps `fingerprint`.
    When that id is taken it calls `check_same` and answers from the document that is there.
    """
    principal = await current_principal(request)
    key = read_key(request.headers.get("idempotency-key"))
    scope = request.scope
    route = str(getattr(scope.get("route"), "path", scope["path"]))
    seed = "\n".join((principal.subject, request.method, route, key))
    digest = hashlib.sha256(scope["path"].encode())
    digest.update(b"?" + scope["query_string"] + b"\n")
    digest.update(await request.body())
    return IdempotentCall(
        seed=hashlib.sha256(seed.encode()).hexdigest(), fingerprint=digest.hexdigest()
    )


@dataclass(frozen=True, slots=True)
class KeyedCaller:
    """Who calls, and their call with its key."""

    principal: Principal
    call: IdempotentCall


@dataclass(frozen=True, slots=True)
class KeyedPolicy:
    """A policy and a key in one dependency: FastAPI's part of each costs more than its own."""

    policy: Policy

    async def __call__(self, request: Request) -> KeyedCaller:
        principal = await self.policy(request)
        return KeyedCaller(principal, await require_key(request))


def require_with_key(*roles: Role) -> KeyedPolicy:
    """The caller must have one of these roles and send a key; use as `Depends`."""
    return KeyedPolicy(require(*roles))


def check_same(call: IdempotentCall, fingerprint: str) -> None:
    """`KeyReused` when what is stored under a call's key came from another request."""
    if call.fingerprint != fingerprint:
        raise KeyReused(message("request.key-reused"))


def read_key(header: str | None) -> str:
    """The key, whether quoted as the draft says or bare as most send it."""
    if header is None or not header.strip():
        raise BadRequest(message("request.key-missing"), code="idempotency-key-missing")
    text = header.strip()
    if text.startswith('"'):
        match = _QUOTED.fullmatch(text)
        text = match[1] if match else ""
        if "\\" in text:
            text = re.sub(r"\\(.)", r"\1", text)
    if not 1 <= len(text) <= _LONGEST or not text.isascii() or not text.isprintable():
        why = message("request.key-unreadable", most=_LONGEST)
        raise BadRequest(why, code="idempotency-key-unreadable")
    return text


def calls_without_key(app: FastAPI) -> list[str]:
    """Unsafe routes that ask for no idempotency key; a test wants this empty."""
    calls = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        unsafe = UNSAFE & (route.methods or set())
        if unsafe and not (isinstance(dependant, Dependant) and asks_for_key(dependant)):
            calls.append(f"{','.join(sorted(unsafe))} {route.path}")
    return calls


def asks_for_key(dependant: Dependant) -> bool:
    """Whether a route wants an idempotency key."""
    asks = dependant.call is require_key or isinstance(dependant.call, KeyedPolicy)
    return asks or any(map(asks_for_key, dependant.dependencies))
