"""Signing in: only fresh tokens of our issuer, for us, with a public-key signature, count."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from desk_contracts.errors import DependencyDown
from desk_platform.clock import FakeClock
from desk_platform.http import (
    Authenticator,
    DevAuthenticator,
    Principal,
    Role,
    Unauthenticated,
    authenticator_from,
)
from desk_platform.http.auth import is_operator
from desk_platform.http.oidc import REFETCH_COOLDOWN, OidcAuthenticator
from desk_platform.http.principal import read_roles
from desk_platform.settings import Environment, ServiceSettings, SettingsError, SignInSettings
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = int(START.timestamp())
ISSUER = "https://login.example.org/desk"
RSA = RSAKey.generate_key(2048, {"kid": "one"})
NEXT = ECKey.generate_key("P-256", {"kid": "two"})
CLAIMS: dict[str, object] = {
    "iss": ISSUER,
    "aud": ["experience-desk", "other"],
    "sub": "ana",
    "exp": NOW + 300,
    "roles": ["employee", "member", "wizard"],
    "team": "workplace",
}


class Issuer:
    """An OpenID provider whose answers a test can bend."""

    def __init__(self) -> None:
        self.keys: list[object] = [RSA.as_dict(private=False)]
        self.name = ISSUER
        self.keys_at = f"{ISSUER}/keys"
        self.is_up = True
        self.fetches = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if not self.is_up:
            raise httpx.ConnectError("no route")
        if request.url.path == "/desk/.well-known/openid-configuration":
            self.fetches += 1
            return httpx.Response(200, json={"issuer": self.name, "jwks_uri": self.keys_at})
        assert str(request.url) == f"{ISSUER}/keys"
        return httpx.Response(200, json={"keys": self.keys})


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def sign_in(issuer: Issuer, clock: FakeClock) -> OidcAuthenticator:
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer))
    return OidcAuthenticator(SignInSettings(issuer=ISSUER), client, clock)


def token(
    key: RSAKey | ECKey = RSA,
    alg: str = "RS256",
    changes: Mapping[str, object] | None = None,
    **more: object,
) -> dict[str, str]:
    changed = {**CLAIMS, **(changes or {}), **more}
    claims = {name: value for name, value in changed.items() if value is not None}
    header = {"alg": alg, "kid": key.kid, "typ": "at+jwt"}
    return {"authorization": "Bearer " + jwt.encode(header, claims, key, algorithms=[alg])}


async def test_a_good_token_names_person_roles_and_team(sign_in: OidcAuthenticator) -> None:
    principal = await sign_in.authenticate(token())
    assert principal == Principal("ana", frozenset({Role.EMPLOYEE, Role.MEMBER}), "workplace")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example.org"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"exp": NOW - 31},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": NOW + 31},
        {"iat": NOW + 3000},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
async def test_tokens_with_a_wrong_claim_are_refused(
    sign_in: OidcAuthenticator, changes: dict[str, object]
) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await sign_in.authenticate(token(changes=changes))
    assert caught.value.kind == "invalid-token"


async def test_clocks_may_differ_by_the_leeway(sign_in: OidcAuthenticator) -> None:
    await sign_in.authenticate(token(exp=NOW - 29, nbf=NOW + 29))


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Bearer " + "x" * 9000],
)
async def test_what_is_no_token_is_refused(sign_in: OidcAuthenticator, header: str) -> None:
    with pytest.raises(Unauthenticated):
        await sign_in.authenticate({"authorization": header})


async def test_signatures_anybody_could_make_are_refused(sign_in: OidcAuthenticator) -> None:
    [head, body, _] = token()["authorization"].removeprefix("Bearer ").split(".")
    weak_head = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode()
    weak = f"{weak_head}.{body}"
    mac = hmac.digest(RSA.as_pem(private=False), weak.encode(), "sha256")
    forged = f"{weak}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
    none = "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0." + body + "."
    foreign = token(ECKey.generate_key("P-256", {"kid": "one"}), "ES256")
    for text in (forged, none, f"{head}.{body}.AAAA"):
        with pytest.raises(Unauthenticated):
            await sign_in.authenticate({"authorization": f"Bearer {text}"})
    with pytest.raises(Unauthenticated):
        await sign_in.authenticate(foreign)


async def test_a_token_that_is_for_something_else_is_refused(sign_in: OidcAuthenticator) -> None:
    header = {"alg": "RS256", "kid": "one", "typ": "logout+jwt"}
    text = jwt.encode(header, dict(CLAIMS), RSA)
    with pytest.raises(Unauthenticated):
        await sign_in.authenticate({"authorization": f"Bearer {text}"})


async def test_a_new_key_of_the_issuer_is_fetched_once(
    sign_in: OidcAuthenticator, issuer: Issuer, clock: FakeClock
) -> None:
    await sign_in.authenticate(token())
    issuer.keys.append(NEXT.as_dict(private=False))
    clock.advance(REFETCH_COOLDOWN)
    await sign_in.authenticate(token(NEXT, "ES256"))
    await sign_in.authenticate(token(NEXT, "ES256"))
    assert issuer.fetches == 2


async def test_tokens_with_unknown_keys_cannot_flood_the_issuer(
    sign_in: OidcAuthenticator, issuer: Issuer, clock: FakeClock
) -> None:
    for _ in range(50):
        with pytest.raises(Unauthenticated):
            await sign_in.authenticate(token(NEXT, "ES256"))
    assert issuer.fetches == 1
    clock.advance(REFETCH_COOLDOWN)
    with pytest.raises(Unauthenticated):
        await sign_in.authenticate(token(NEXT, "ES256"))
    assert issuer.fetches == 2


async def test_known_keys_stay_in_force_while_the_issuer_is_away(
    sign_in: OidcAuthenticator, issuer: Issuer, clock: FakeClock
) -> None:
    await sign_in.authenticate(token())
    issuer.is_up = False
    clock.advance(timedelta(hours=2))
    await sign_in.authenticate(token(exp=NOW + 10_000))


async def test_without_any_key_callers_are_told_to_come_back(
    sign_in: OidcAuthenticator, issuer: Issuer, clock: FakeClock
) -> None:
    issuer.is_up = False
    with pytest.raises(DependencyDown) as caught:
        await sign_in.authenticate(token())
    assert caught.value.retry_after == 30
    issuer.is_up = True
    clock.advance(REFETCH_COOLDOWN)
    await sign_in.authenticate(token())


@pytest.mark.parametrize(
    "keys", [[], ["x"], [{"kty": "none"}], [{"kty": "RSA", "n": 1}], "x", None]
)
async def test_unreadable_keys_are_as_good_as_none(
    sign_in: OidcAuthenticator, issuer: Issuer, keys: object
) -> None:
    issuer.keys = keys  # type: ignore[assignment]
    with pytest.raises(DependencyDown):
        await sign_in.authenticate(token())


async def test_a_document_of_another_issuer_is_not_believed(
    sign_in: OidcAuthenticator, issuer: Issuer
) -> None:
    issuer.name = "https://elsewhere.example.org"
    with pytest.raises(DependencyDown):
        await sign_in.authenticate(token())


@pytest.mark.parametrize("name", ["none", "HS256", "hs512", "rs256", "ES256K", "RSA1", "", "*"])
def test_algorithms_without_a_private_key_are_refused_at_start(name: str) -> None:
    settings = SignInSettings(issuer=ISSUER, algorithms=("RS256", name))
    with pytest.raises(SettingsError, match="DESK_OIDC_ALGORITHMS"):
        OidcAuthenticator(settings, httpx.AsyncClient(), FakeClock(START))


@pytest.mark.parametrize("environment", [Environment.DEV, Environment.PROD])
def test_plain_headers_are_believed_on_one_machine_only(environment: Environment) -> None:
    with pytest.raises(SettingsError, match="DESK_OIDC_ISSUER"):
        DevAuthenticator(environment)


@pytest.fixture
def headers_only() -> Authenticator:
    settings = ServiceSettings(environment=Environment.LOCAL)
    return authenticator_from(settings, httpx.AsyncClient(), FakeClock(START))


async def test_on_one_machine_headers_say_who_asks(headers_only: Authenticator) -> None:
    headers = {"x-desk-user": "ana", "x-desk-roles": "member, owner", "x-desk-team": "printers"}
    expected = Principal("ana", frozenset({Role.MEMBER, Role.OWNER}), "printers")
    assert await headers_only.authenticate(headers) == expected


async def test_a_name_beyond_latin_1_is_read_as_it_was_typed(headers_only: Authenticator) -> None:
    sent = "zoë".encode().decode("latin-1")
    principal = await headers_only.authenticate({"x-desk-user": sent, "x-desk-roles": ""})
    assert principal == Principal("zoë", frozenset())


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "auth.say-who"),
        ({"x-desk-user": "ana"}, "auth.say-who"),
        ({"x-desk-roles": "member"}, "auth.say-who"),
        ({"x-desk-user": "", "x-desk-roles": "member"}, "auth.say-who"),
        ({"x-desk-user": "ana", "x-desk-roles": "member, wizard"}, "auth.unknown-role"),
        ({"x-desk-user": "ana", "x-desk-roles": "Member"}, "auth.unknown-role"),
        ({"x-desk-user": "ana", "x-desk-roles": "member owner"}, "auth.unknown-role"),
        ({"x-desk-user": "a" * 256, "x-desk-roles": "member"}, "subject.too-long"),
        ({"x-desk-user": "a\tb", "x-desk-roles": "member"}, "subject.invisible"),
        ({"x-desk-user": " ana", "x-desk-roles": "member"}, "subject.blanks"),
    ],
)
async def test_on_one_machine_callers_say_who_they_are_in_words_that_are_known(
    headers_only: Authenticator, headers: dict[str, str], code: str
) -> None:
    with pytest.raises(Unauthenticated, match=code):
        await headers_only.authenticate(headers)


@pytest.mark.parametrize(
    "sub", ["a" * 255, "ö" * 255, "\U0001f600" * 255, "auth0|5f7c", "Ann Lee", "李娜", "a/b?c#d"]
)
async def test_a_subject_of_any_legal_form_is_taken_as_it_is(
    sign_in: OidcAuthenticator, sub: str
) -> None:
    assert (await sign_in.authenticate(token(sub=sub))).subject == sub


@pytest.mark.parametrize(
    "sub",
    [
        "a" * 256, "a\x00b", "a\nb", "a\x1b[2J", " ana", "ana ", "\u00a0ana", "   ",
        "an\u200ba", "an\u202ea", "a\u2028b", ["ana"], {"id": 1}, True, 1.5,
        "ß" * 248 + "@ex.com", "\ufdfa" * 248 + "@ex.com",
    ],
)  # fmt: skip
async def test_a_longer_or_dirty_subject_names_nobody(
    sign_in: OidcAuthenticator, sub: object
) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await sign_in.authenticate(token(sub=sub))
    assert caught.value.kind == "invalid-token"
    reason = caught.value.message
    assert "auth.subject-refused" in reason or "claim=sub" in reason


async def test_half_a_character_names_nobody(sign_in: OidcAuthenticator) -> None:
    claims = json.dumps({**CLAIMS, "sub": "\ud800x"}).encode()
    text = jws.serialize_compact({"alg": "RS256", "kid": "one", "typ": "at+jwt"}, claims, RSA)
    with pytest.raises(Unauthenticated, match="subject-refused"):
        await sign_in.authenticate({"authorization": f"Bearer {text}"})


async def test_keys_of_an_https_issuer_are_not_fetched_without_https(
    issuer: Issuer, sign_in: OidcAuthenticator
) -> None:
    issuer.keys_at = "http://login.example.org/desk/keys"
    with pytest.raises(DependencyDown):
        await sign_in.authenticate(token())


def test_the_settings_decide_who_is_believed() -> None:
    settings = ServiceSettings(sign_in=SignInSettings(issuer=ISSUER))
    authenticator = authenticator_from(settings, httpx.AsyncClient(), FakeClock(START))
    assert isinstance(authenticator, OidcAuthenticator)
    with pytest.raises(SettingsError):
        authenticator_from(ServiceSettings(), httpx.AsyncClient(), FakeClock(START))


async def test_roles_may_stand_deep_in_the_claims(issuer: Issuer, clock: FakeClock) -> None:
    settings = SignInSettings(issuer=ISSUER, roles_claim="realm_access.roles")
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer))
    sign_in = OidcAuthenticator(settings, client, clock)
    principal = await sign_in.authenticate(token(realm_access={"roles": ["operator"]}))
    assert principal.roles == {Role.OPERATOR}
    assert (await sign_in.authenticate(token(realm_access="x"))).roles == frozenset()


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_whatever_the_roles_claim_holds_is_read(named: object) -> None:
    assert read_roles(named) <= set(Role)


async def test_only_a_proven_operator_is_told_why_something_fails(
    sign_in: OidcAuthenticator,
) -> None:
    assert not await is_operator(sign_in, {"x-desk-user": "ana", "x-desk-roles": "operator"})
    assert not await is_operator(sign_in, {"authorization": "Bearer nonsense"})
    assert not await is_operator(sign_in, token())
    assert await is_operator(sign_in, token(roles=["operator"]))
    assert await is_operator(DevAuthenticator(Environment.LOCAL), {})


async def test_without_the_provider_nobody_is_one(
    sign_in: OidcAuthenticator, issuer: Issuer
) -> None:
    issuer.is_up = False
    assert not await is_operator(sign_in, token(roles=["operator"]))
