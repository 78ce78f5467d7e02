"""A real Keycloak on loopback, with realms that a test makes for itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from desk_local.daemon import Daemon
from desk_local.paths import JAVA_PROJECT, Places
from desk_local.ports import HOST
from desk_local.processes import CannotStart

MISSING = "Keycloak is not here; scripts/test_servers.sh fetches it with Maven"
CLIENT = "experience-desk"
SECRET = "the desk's own secret of a client"  # noqa: S105 (of a server that lives for a test)
# Whose tokens tests ask for: with it people sign in.
PORTAL = "portal"
# A client that may do nothing.
STRANGER = "stranger"
_CERTIFICATE_OPTIONS = ("certificate-file", "certificate-key-file")
ADMIN, ADMIN_WORD = "first", "the word of the first administrator"


def find_distribution() -> Path | None:
    """The folder that scripts/test_servers.sh has made, if it was finished."""
    made = sorted((JAVA_PROJECT / "target").glob("keycloak-*/built"))
    return made[-1].parent if made else None


def is_installed() -> bool:
    """Whether this machine has a Keycloak that was built."""
    return find_distribution() is not None


class Keycloak(Daemon):
    """One server; its realms live in its memory and end with it."""

    name = "keycloak"
    port_setting = "its port"

    def __init__(self, places: Places, ports: tuple[int, int], certificate: Path) -> None:
        """`ports` are those of HTTP and of HTTPS; the file has a key and its certificate."""
        super().__init__(places, ports[0], attached=True)
        self.secure_port, self._certificate = ports[1], certificate

    @property
    def ports(self) -> list[int]:
        return [self.port, self.secure_port]

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/realms/master", timeout=5).is_success
        except httpx.TransportError:
            return False

    def command(self) -> list[str]:
        folder = find_distribution()
        if folder is None:
            raise CannotStart(MISSING)
        options = [
            "--cache=local",
            "--http-enabled=true",
            "--hostname-strict=false",
            f"--http-host={HOST}",
        ]
        start = ["bash", str(folder / "bin" / "kc.sh"), "start", "--optimized", *options]
        secure = [f"--https-{name}={self._certificate}" for name in _CERTIFICATE_OPTIONS]
        ports = [f"--http-port={self.port}", f"--https-port={self.secure_port}"]
        return [*start, *secure, *ports]

    def env(self) -> Mapping[str, str]:
        return {
            # For minutes: a small heap, and code that is compiled lightly.
            "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx384m",
            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN_WORD,
        }

    async def make_realm(self, name: str) -> "Realm":
        """A realm with a few people, a policy, the desk's client and one to sign in with."""
        realm = Realm(self.address, name)
        async with httpx.AsyncClient(base_url=self.address, timeout=60) as client:
            login = {"grant_type": "password", "client_id": "admin-cli"}
            login |= {"username": ADMIN, "password": ADMIN_WORD}
            path = "/realms/master/protocol/openid-connect/token"
            answer = (await client.post(path, data=login)).raise_for_status()
            headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
            made = await client.post("/admin/realms", json=realm.represent(), headers=headers)
            made.raise_for_status()
        return realm


_FOR_THE_DESK = {
    "name": "for the desk",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-audience-mapper",
    "config": {"included.custom.audience": "experience-desk", "access.token.claim": "true"},
}
# What is asked of it is not how hard its hashes are to make.
_LIGHT = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"
_PORTAL = {
    "clientId": PORTAL,
    "publicClient": True,
    "directAccessGrantsEnabled": True,
    "protocolMappers": [_FOR_THE_DESK],
}


@dataclass(frozen=True)
class Realm:
    """One realm of a server."""

    server: str
    name: str

    def represent(self) -> dict[str, object]:
        """As Keycloak imports it: three wrong passwords lock, mail addresses need not differ."""
        people = [_person("ivy", "Ivy@corp.example"), _person("person-0", "person-0@corp.example")]
        people += [_person("person-1", "person-1@corp.example")]
        people += [_person(f"twin-{number}", "twins@corp.example") for number in (1, 2)]
        people += [_person("gone", "gone@corp.example") | {"enabled": False}]
        desk = {
            "username": f"service-account-{CLIENT}",
            "enabled": True,
            "serviceAccountClientId": CLIENT,
            "clientRoles": {"realm-management": ["manage-users"]},
        }
        return {
            "realm": self.name,
            "enabled": True,
            "sslRequired": "none",
            "loginWithEmailAllowed": False,
            "duplicateEmailsAllowed": True,
            "bruteForceProtected": True,
            "failureFactor": 3,
            "quickLoginCheckMilliSeconds": 0,
            "passwordPolicy": f"length(15) and {_LIGHT}",
            "clients": [
                {"clientId": CLIENT, "secret": SECRET, "serviceAccountsEnabled": True},
                {"clientId": STRANGER, "secret": SECRET, "serviceAccountsEnabled": True},
                _PORTAL,
            ],
            "roles": {"realm": [{"name": "employee"}]},
            "users": [*people, desk],
        }

    async def ask_token(self, login: str, word: str, client_id: str = PORTAL) -> httpx.Response:
        """A sign-in with a password, as its token endpoint answers it."""
        credentials = {"grant_type": "password", "client_id": client_id, "scope": "openid"}
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.post(
                f"{self.server}/realms/{self.name}/protocol/openid-connect/token",
                data=credentials | {"username": login, "password": word},
            )

    async def signs_in(self, login: str, word: str) -> bool:
        """Whether the person gets a token for that."""
        return (await self.ask_token(login, word)).status_code == httpx.codes.OK


def _person(login: str, mail: str) -> dict[str, object]:
    word = f"the old word of {login}"
    return {
        "username": login,
        "email": mail,
        "emailVerified": True,
        "firstName": login,
        "lastName": "Park",
        "enabled": True,
        "realmRoles": ["employee"],
        "credentials": [{"type": "password", "value": word, "temporary": False}],
    }
