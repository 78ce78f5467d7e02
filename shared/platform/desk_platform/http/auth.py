"""How callers prove who they are: OpenID Connect bearer tokens, or plain headers on one machine."""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

import httpx
from desk_contracts.errors import DependencyDown
from desk_contracts.message import message

from desk_platform.clock import Clock
from desk_platform.http.principal import (
    ROLES,
    Authenticator,
    Principal,
    Role,
    read_roles,
    why_no_subject,
)
from desk_platform.http.refusals import Unauthenticated
from desk_platform.settings import Environment, ServiceSettings, SettingsError


class DevAuthenticator:
    """Believes `X-Desk-User`, `X-Desk-Roles` and `X-Desk-Team`; exists only on one machine."""

    def __init__(self, environment: Environment) -> None:
        if environment is not Environment.LOCAL:
            raise SettingsError(
                [
                    f"DESK_ENVIRONMENT is {environment}, where callers must sign in; set"
                    " DESK_OIDC_ISSUER (only DESK_ENVIRONMENT=local works without it)."
                ]
            )

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        user, named = headers.get("x-desk-user"), headers.get("x-desk-roles")
        if not user or named is None:
            raise Unauthenticated(message("auth.say-who", roles=Role))
        return _believe(user, named, headers.get("x-desk-team") or None)

    def describe(self) -> dict[str, object]:
        return {"by": "headers", "who": "everybody who reaches this machine's own address"}


@lru_cache(maxsize=4_096)
def _believe(user: str, named: str, team: str | None) -> Principal:
    """Who these headers name; worked out once for each caller."""
    words = [word.strip() for word in named.split(",") if word.strip()]
    for word in words:
        if word not in ROLES:
            raise Unauthenticated(message("auth.unknown-role", roles=Role), code="unknown-role")
    subject = user
    # Headers come as Latin-1 by rule and as UTF-8 in practice.
    with suppress(UnicodeError):
        subject = user.encode("latin-1").decode("utf-8")
    if why := why_no_subject(subject):
        raise Unauthenticated(message("auth.name-refused", why=why))
    return Principal(subject, read_roles(words), team)


async def is_operator(authenticator: Authenticator, headers: Mapping[str, str]) -> bool:
    """Whether who asks where anybody may ask has proved to be one; on one's own machine all are."""
    if isinstance(authenticator, DevAuthenticator):
        return True
    if "authorization" not in headers:
        return False
    with suppress(Unauthenticated, DependencyDown):
        return (await authenticator.authenticate(headers)).has_role(Role.OPERATOR)
    return False


def authenticator_from(
    settings: ServiceSettings, client: httpx.AsyncClient, clock: Clock
) -> Authenticator:
    """What the settings ask for; refuses to start rather than to let everybody in."""
    if settings.sign_in.issuer is None:
        return DevAuthenticator(settings.environment)
    from desk_platform.http.oidc import OidcAuthenticator  # noqa: PLC0415  (imports much)

    return OidcAuthenticator(settings.sign_in, client, clock)
