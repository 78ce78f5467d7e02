"""Which outside system is calling: by a token of its own, or by its sign-in at the provider."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from desk_contracts.errors import Forbidden
from desk_contracts.message import message
from desk_contracts.people import canonical_person
from desk_platform.http.principal import Policy, Principal, current_principal
from desk_platform.http.rates import RateLimits
from desk_platform.http.refusals import Unauthenticated
from fastapi import Request

from desk_charter.admission import REVOKED
from desk_charter.model import Charter
from desk_charter.sources import OutsideSystem

# `openssl rand -hex 32` makes 64 signs. Below this a digest could be turned back by guessing.
SHORTEST_TOKEN, LONGEST_TOKEN = 32, 512
_JWT_DOTS = 2
# No person's subject begins so: a system never shares a bucket with one.
_COUNTED = "source \0"


@dataclass(frozen=True, slots=True)
class PublisherPolicy(Policy):
    """The caller must be a system of the charter's sources; its name is the subject."""

    async def __call__(self, request: Request) -> Principal:
        charter: Callable[[], Charter] = request.app.state.organisation
        system = await _caller(request, charter())
        if system.revoked:
            raise Forbidden(message("auth.revoked", system=system.name), code=REVOKED)
        return Principal(system.name)


PUBLISHERS = PublisherPolicy(frozenset())


def system_of_token(charter: Charter, token: str) -> OutsideSystem | None:
    """Whose token that is. All are compared, so that the time tells nothing."""
    if not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
        return None
    digest, match = sha256(token.encode()).hexdigest(), None
    for system in charter.sources:
        for token_digest in system.token_sha256:
            if compare_digest(token_digest, digest):
                match = system
    return match


async def _caller(request: Request, charter: Charter) -> OutsideSystem:
    """By its own token, else by its sign-in; calls are counted either way."""
    limits: RateLimits = request.app.state.limits
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() == "bearer" and (system := system_of_token(charter, token)) is not None:
        limits.count_caller(request.scope, f"{_COUNTED}{system.name}")
        return system
    if token and token.count(".") != _JWT_DOTS:
        limits.count_anonymous(request.scope)
        raise Unauthenticated(message("auth.no-publisher-token"), code="invalid-token")
    principal = await current_principal(request)
    for system in charter.sources:
        if system.sign_in and canonical_person(system.sign_in) == principal.subject:
            return system
    raise Forbidden(message("auth.no-publisher"), code="unknown-publisher")
