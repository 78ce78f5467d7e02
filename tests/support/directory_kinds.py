"""Directories of every kind as the one suite wants them: real servers with the same people."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import httpx
from desk_contracts.accounts import Directory, Effect
from desk_intake.adapters.directories.keycloak import KeycloakDirectory, KeycloakServer
from desk_local.paths import Places
from desk_local.ports import HOST, free_ports
from desk_platform.directories.ldap import LdapDirectory
from desk_testing.keycloak import CLIENT, SECRET, STRANGER, Keycloak, Realm
from desk_testing.slapd import Slapd
from ldap3 import Connection
from pydantic import SecretStr

from tests.support.authority import Authority

# A start took 33 s beside other work on two cores; this is for a machine that is busier still.
_START_SECONDS = 300


class Place(Protocol):
    """A directory with `ivy`, two twins with one mail address, and a policy."""

    directory: Directory
    absent: str
    """The id of no account."""

    async def signs_in(self, login: str, word: str) -> bool | None: ...

    def falls_silent(self) -> Directory:
        """The same, whose server takes a change and answers no more until `resume`."""
        ...

    def resume(self) -> None: ...

    def is_away(self) -> Directory:
        """The same, where no server listens."""
        ...

    def is_refused(self) -> Directory:
        """The same, which does not believe the desk."""
        ...


class PausedSlapd(LdapDirectory):
    """Its server stops when the line stands."""

    def __init__(self, slapd: Slapd) -> None:
        super().__init__(replace(slapd.settings(), timeout_s=1))
        self._slapd = slapd

    def _connect(self) -> Connection:
        line = super()._connect()
        self._slapd.pause()
        return line


@dataclass
class SlapdPlace:
    """OpenLDAP with ppolicy."""

    slapd: Slapd
    absent: str = "uid=gone,dc=corp,dc=example"

    def __post_init__(self) -> None:
        self.directory: Directory = LdapDirectory(self.slapd.settings())

    async def signs_in(self, login: str, word: str) -> bool | None:
        return self.slapd.signs_in(login, word)

    def falls_silent(self) -> Directory:
        return PausedSlapd(self.slapd)

    def resume(self) -> None:
        self.slapd.resume()

    def is_away(self) -> Directory:
        [port] = free_ports(1)
        return LdapDirectory(replace(self.slapd.settings(), url=f"ldap://{HOST}:{port}"))

    def is_refused(self) -> Directory:
        stranger = "cn=stranger,dc=corp,dc=example"
        return LdapDirectory(replace(self.slapd.settings(), user=stranger))


class PausedKeycloak(KeycloakDirectory):
    """Its server stops when the desk is signed in."""

    def __init__(self, settings: KeycloakServer, server: Keycloak) -> None:
        super().__init__(settings)
        self._server = server

    async def _change(
        self, line: httpx.AsyncClient, method: str, path: str, wanted: object = None
    ) -> Effect:
        self._server.pause()
        line.timeout = httpx.Timeout(1)
        return await super()._change(line, method, path, wanted)


@dataclass
class KeycloakPlace:
    """A realm of its own."""

    server: Keycloak
    realm: Realm
    absent: str = "00000000-0000-4000-8000-000000000000"

    def __post_init__(self) -> None:
        self.settings = settings_of(self.realm)
        self.directory: Directory = KeycloakDirectory(self.settings)

    async def signs_in(self, login: str, word: str) -> bool | None:
        return await self.realm.signs_in(login, word)

    def falls_silent(self) -> Directory:
        return PausedKeycloak(self.settings, self.server)

    def resume(self) -> None:
        self.server.resume()

    def is_away(self) -> Directory:
        [port] = free_ports(1)
        return KeycloakDirectory(replace(self.settings, url=f"http://{HOST}:{port}"))

    def is_refused(self) -> Directory:
        return KeycloakDirectory(replace(self.settings, client="nobody's"))

    def is_powerless(self) -> Directory:
        """The same as a client that may do nothing."""
        return KeycloakDirectory(replace(self.settings, client=STRANGER))

    def is_encrypted(self, ca_file: Path | None) -> Directory:
        """The same by HTTPS, whose certificate is believed if that file signs it."""
        url = f"https://{HOST}:{self.server.secure_port}"
        return KeycloakDirectory(replace(self.settings, url=url, ca_file=ca_file))


def settings_of(realm: Realm) -> KeycloakServer:
    """As the desk's adapter is told; people are known by their login, as in the other directory."""
    return KeycloakServer(realm.server, realm.name, CLIENT, SecretStr(SECRET), "username")


@asynccontextmanager
async def slapd_place(folder: Path) -> AsyncIterator[SlapdPlace]:
    slapd = await Slapd.begin(folder / "slapd")
    try:
        yield SlapdPlace(slapd)
    finally:
        slapd.resume()
        slapd.stop()


@contextmanager
def run_keycloak(folder: Path) -> Iterator[Keycloak]:
    """A server from when it answers; `ca.pem` in the folder is what clients are to believe."""
    authority, certificate = Authority("keycloak"), folder / "server.pem"
    (folder / "ca.pem").write_bytes(authority.pem)
    certificate.write_bytes(authority.sign())
    http, https = free_ports(2)
    server = Keycloak(Places(folder), (http, https), certificate)
    try:
        server.start(_START_SECONDS)
        yield server
    finally:
        server.resume()
        server.stop()


async def make_place(server: Keycloak) -> KeycloakPlace:
    return KeycloakPlace(server, await server.make_realm(f"desk-{uuid4().hex[:8]}"))
