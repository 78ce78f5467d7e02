"""Sign-in with OpenID Connect: bearer tokens, checked against the keys that their issuer publishes.

Loaded only where an issuer is set: what verifies tokens is a tenth of a service's memory.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx
from desk_contracts.errors import DependencyDown
from desk_contracts.message import Message, message
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel

from desk_platform.clock import Clock
from desk_platform.http.principal import Principal, read_roles, why_no_subject
from desk_platform.http.refusals import Unauthenticated
from desk_platform.settings import PUBLIC_KEY_ALGORITHMS, SettingsError, SignInSettings
from desk_platform.telemetry import get_logger

# A token with more than this is not one of ours; nothing is decoded.
MAX_TOKEN = 8192
REFETCH_COOLDOWN = timedelta(seconds=30)
KEYS_MAX_AGE = timedelta(hours=1)
_ACCESS_TOKEN_TYPES = {"at+jwt", "application/at+jwt", "jwt", ""}
_log = get_logger()


class _PublishedKeys(BaseModel):
    """What an issuer publishes; members of a key that are no text are none we know."""

    keys: list[dict[str, object]]

    def as_key_set(self) -> KeySet:
        texts: list[dict[str, str | list[str]]] = [
            {name: value for name, value in key.items() if isinstance(value, str)}
            for key in self.keys
        ]
        return KeySet.import_key_set({"keys": texts})


class OidcAuthenticator:
    """Checks bearer tokens against the issuer's published keys, which it keeps and refetches."""

    def __init__(self, settings: SignInSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        if settings.issuer is None:
            raise SettingsError(["DESK_OIDC_ISSUER is missing; set it to the provider's address."])
        for name in settings.algorithms:
            if name not in PUBLIC_KEY_ALGORITHMS:
                raise SettingsError(
                    [
                        f"DESK_OIDC_ALGORITHMS names '{name}', which only public-key algorithms may"
                        f" stand in: {', '.join(PUBLIC_KEY_ALGORITHMS)}."
                    ]
                )
        self._issuer = settings.issuer
        self._settings = settings
        self._client = client
        self._clock = clock
        self._keys: KeySet | None = None
        self._tried_at: datetime | None = None
        self._fetched_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        token = await self._verify(_bearer(headers))
        self._check(token)
        claims = token.claims
        team = claims.get("team")
        if why := why_no_subject(claims["sub"]):
            raise _refuse(message("auth.subject-refused", why=why))
        return Principal(
            subject=claims["sub"],
            roles=read_roles(_dig(claims, self._settings.roles_claim)),
            team=team if isinstance(team, str) and team else None,
        )

    def describe(self) -> dict[str, object]:
        return {
            # Not "bearer tokens": what stands behind that word is taken for one, and hidden.
            "by": "tokens of the issuer",
            "who": self._issuer,
            "audience": self._settings.audience,
            "algorithms": list(self._settings.algorithms),
            "roles_claim": self._settings.roles_claim,
        }

    async def _verify(self, text: str) -> jwt.Token:
        keys, now = self._keys, self._clock.now()
        if keys is None or self._fetched_at is None or now - self._fetched_at > KEYS_MAX_AGE:
            keys = await self._refetch(keys)
        try:
            try:
                return jwt.decode(text, keys, algorithms=self._settings.algorithms)
            except InvalidKeyIdError:
                # The issuer may have changed its keys since we looked.
                fresh = await self._refetch(keys)
                return jwt.decode(text, fresh, algorithms=self._settings.algorithms)
        except (JoseError, ValueError, TypeError) as error:
            why = message("auth.token-unverified", error=type(error).__name__)
            raise _refuse(why) from error

    def _check(self, token: jwt.Token) -> None:
        kind = token.header.get("typ", "")
        if not isinstance(kind, str) or kind.lower() not in _ACCESS_TOKEN_TYPES:
            raise _refuse(message("auth.no-access-token"))
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=int(self._settings.leeway.total_seconds()),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._settings.audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            registry.validate(token.claims)
        except (JoseError, ValueError, TypeError) as error:
            claim = getattr(error, "claim", "")
            raise _refuse(message("auth.claim-refused", claim=claim)) from error

    async def _refetch(self, before: KeySet | None) -> KeySet:
        """One fetch at a time, and none within the cooldown: bad tokens cannot flood the issuer."""
        async with self._lock:
            if self._keys is not None and self._keys is not before:
                return self._keys
            now = self._clock.now()
            if self._tried_at is None or now - self._tried_at >= REFETCH_COOLDOWN:
                self._tried_at = now
                await self._fetch(now)
            if self._keys is None:
                raise DependencyDown(
                    message("auth.cannot-check"),
                    retry_after=REFETCH_COOLDOWN.total_seconds(),
                    code="sign-in-unavailable",
                )
            return self._keys

    async def _fetch(self, now: datetime) -> None:
        """Old keys stay in force when the issuer does not answer."""
        try:
            where = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            published = await self._get(_address_of_keys(where, self._issuer))
            self._keys = _PublishedKeys.model_validate(published).as_key_set()
            self._fetched_at = now
        except (httpx.HTTPError, httpx.InvalidURL, JoseError, ValueError, KeyError, TypeError) as e:
            _log.warning("sign_in_keys_not_fetched", issuer=self._issuer, reason=repr(e))

    async def _get(self, url: str) -> object:
        answer = await self._client.get(url, timeout=5.0, follow_redirects=False)
        answer.raise_for_status()
        return answer.json()


def _address_of_keys(where: object, issuer: str) -> str:
    """A document that names another issuer was put there by somebody else (RFC 8414, 3.3)."""
    if not isinstance(where, dict) or where.get("issuer") != issuer:
        raise ValueError("the issuer's document names another issuer")
    address = str(where["jwks_uri"])
    if issuer.startswith("https://") and not address.startswith("https://"):
        raise ValueError("the issuer's keys lie at an address without https")
    return address


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(message("auth.sign-in"))
    if len(token) > MAX_TOKEN:
        raise _refuse(message("auth.token-too-long"))
    return token.strip()


def _refuse(why: Message) -> Unauthenticated:
    return Unauthenticated(message("auth.token-refused", why=why), code="invalid-token")


def _dig(claims: Mapping[str, object], path: str) -> object:
    value: object = claims
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
