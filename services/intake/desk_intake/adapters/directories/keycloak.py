"""Keycloak by its Admin REST API, as a client with a service account that may `manage-users`.

Each use asks for a token of its own, so rights that are taken away end with the next one. Locks are
those of brute force detection. A realm knows no devices. An account that is not enabled is
nobody's: who disabled it was no failed sign-in, or a lock that only administrators lift.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context
from typing import TypeVar
from urllib.parse import quote

import httpx
from desk_contracts.accounts import Account, Effect
from desk_contracts.errors import DependencyDown
from desk_contracts.people import canonical_person
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from desk_intake.settings import IntakeSettings, LineSecurity

T = TypeVar("T")
_NOT_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_OWN_RIGHTS = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})


class _Token(BaseModel):
    access_token: str


class _Lock(BaseModel):
    disabled: bool


class _User(BaseModel):
    id: str
    username: str
    email: str = ""
    enabled: bool = False
    attributes: dict[str, list[str]] = Field(default_factory=dict)

    def is_called(self, login: str) -> bool:
        """By login or mail address, whatever the search took for alike."""
        return login.casefold() in (self.username.casefold(), self.email.casefold())

    def read(self, attribute: str) -> str:
        own = {"id": self.id, "username": self.username, "email": self.email}
        return own.get(attribute) or next(iter(self.attributes.get(attribute, ())), "")


_USERS = TypeAdapter(list[_User])


@dataclass(frozen=True, slots=True)
class KeycloakServer:
    """Where the realm is, and as whom the desk changes its accounts."""

    url: str
    realm: str
    client: str
    secret: SecretStr
    person: str = "id"
    """The attribute by which the desk knows a person; Keycloak's own `sub` is the id."""
    ca_file: Path | None = None
    timeout_s: float = 10
    """How long one answer may take."""


class KeycloakDirectory:
    """`Directory` over one realm."""

    def __init__(self, server: KeycloakServer) -> None:
        self._settings = server
        self._trust = create_default_context(cafile=server.ca_file)
        realm = quote(server.realm, safe="")
        self._token = f"/realms/{realm}/protocol/openid-connect/token"
        self._users = f"/admin/realms/{realm}/users"
        self._locks = f"/admin/realms/{realm}/attack-detection/brute-force/users"

    async def find_account(self, login: str) -> Account | None:
        """By login or mail address, if it is one account's only."""
        named: dict[str, _User] = {}
        async with self._open() as line:
            for name in ("username", "email"):
                search = {name: login, "exact": "true"}
                answer = await self._read(line, self._users, search)
                users = self._parse(_USERS, answer)
                named |= {user.id: user for user in users if login and user.is_called(login)}
        if len(named) != 1:
            return None
        [user] = named.values()
        if not user.enabled:
            return None
        person = canonical_person(user.read(self._settings.person))
        return Account(user.id, person, user.email, user.username)

    async def is_locked(self, account: Account) -> bool:
        """As brute force detection says."""
        async with self._open() as line:
            answer = await self._read(line, f"{self._locks}/{quote(account.id, safe='')}", {})
        return self._parse(TypeAdapter(_Lock), answer).disabled

    async def find_owner(self, device: str) -> str | None:  # noqa: ARG002 (it knows no devices)
        """A realm has accounts only."""
        return None

    async def set_password(self, account: Account, password: str) -> Effect:
        """The lock goes after the password came; if it may have stayed, the outcome is unknown."""
        path = f"{self._users}/{quote(account.id, safe='')}/reset-password"
        wanted = {"type": "password", "value": password, "temporary": False}
        async with self._open() as line:
            effect = await self._change(line, "PUT", path, wanted)
            if effect is not Effect.DONE:
                return effect
            try:
                lifted = await self._lift(line, account)
            except DependencyDown:
                return Effect.UNKNOWN
            return lifted if lifted is Effect.DONE else Effect.UNKNOWN

    async def unlock(self, account: Account) -> Effect:
        """Forgets the failed sign-ins of the account."""
        async with self._open() as line:
            return await self._lift(line, account)

    async def _lift(self, line: httpx.AsyncClient, account: Account) -> Effect:
        return await self._change(line, "DELETE", f"{self._locks}/{quote(account.id, safe='')}")

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[httpx.AsyncClient]:
        """A line that is signed in; until then surely nothing was changed."""
        settings = self._settings
        async with httpx.AsyncClient(
            base_url=settings.url,
            verify=self._trust,
            timeout=settings.timeout_s,
            trust_env=False,
        ) as line:
            credentials = {
                "grant_type": "client_credentials",
                "client_id": settings.client,
                "client_secret": settings.secret.get_secret_value(),
            }
            try:
                answer = await line.post(self._token, data=credentials)
            except httpx.HTTPError as error:
                raise self._down(type(error).__name__) from error
            self._check(answer)
            token = self._parse(TypeAdapter(_Token), answer).access_token
            line.headers["authorization"] = f"Bearer {token}"
            yield line

    async def _read(
        self, line: httpx.AsyncClient, path: str, search: dict[str, str]
    ) -> httpx.Response:
        try:
            answer = await line.get(path, params=search)
        except httpx.HTTPError as error:
            raise self._down(type(error).__name__) from error
        self._check(answer)
        return answer

    async def _change(
        self, line: httpx.AsyncClient, method: str, path: str, wanted: object = None
    ) -> Effect:
        """What breaks after it left leaves the outcome unknown; a refusal does not."""
        try:
            answer = await line.request(method, path, json=wanted)
        except _NOT_LEFT as error:
            raise self._down(type(error).__name__) from error
        except httpx.HTTPError:
            return Effect.UNKNOWN
        if answer.is_success:
            return Effect.DONE
        if answer.is_server_error or answer.status_code == httpx.codes.REQUEST_TIMEOUT:
            return Effect.UNKNOWN
        if answer.is_redirect or answer.status_code in _OWN_RIGHTS:
            raise self._down(f"HTTP {answer.status_code}")
        return Effect.REFUSED

    def _check(self, answer: httpx.Response) -> None:
        if not answer.is_success:
            raise self._down(f"HTTP {answer.status_code}")

    def _parse(self, kind: TypeAdapter[T], answer: httpx.Response) -> T:
        try:
            return kind.validate_json(answer.content)
        except ValidationError:
            # Not `from` it: the library's error holds what was said, which can be a token.
            raise self._down("an answer that is not understood") from None

    def _down(self, why: str) -> DependencyDown:
        reason = f"the directory {self._settings.url} cannot be used: {why}"
        return DependencyDown(reason, dependency="directory")


def open_keycloak(settings: IntakeSettings) -> KeycloakDirectory:
    """The realm that intake's settings name."""
    scheme = "https" if settings.directory_security is LineSecurity.TLS else "http"
    return KeycloakDirectory(
        KeycloakServer(
            f"{scheme}://{settings.directory_host}:{settings.directory_port}",
            settings.directory_base,
            settings.directory_user,
            settings.directory_password or SecretStr(""),
            settings.directory_person or "id",
            settings.directory_ca_file,
        )
    )
