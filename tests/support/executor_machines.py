"""Targets of executors that are servers of their own: SSH, Kubernetes, a directory."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from desk_automation.actions.executor import Executor
from desk_automation.actions.model import Action
from desk_automation.adapters.executors.directory import DirectoryAction, DirectoryExecutor
from desk_automation.adapters.executors.kubernetes import KubernetesAction
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.adapters.executors.ssh import SshAction
from desk_contracts.accounts import Directory
from desk_platform.directories.ldap import LdapDirectory
from desk_platform.directories.ldap_server import LdapServer
from desk_testing.slapd import ADMIN, BASE, WORD, Slapd
from ldap3 import Connection

from tests.support.authority import Authority
from tests.support.executor_sides import Program, hold_secrets, surroundings
from tests.support.kubernetes_api import TOKEN, KubernetesApi, deployment
from tests.support.sshd import HOST, Sshd

SHOP = "/apis/apps/v1/namespaces/shop/deployments/shop"


@dataclass
class SshSide:
    """A command on a real sshd that is handed the key."""

    executor: Executor
    program: Program
    server: Sshd
    timeout: float = 5

    def action(self, key: str) -> Action:
        return self.command(str(self.program.path), key)

    def action_elsewhere(self) -> Action:
        return self.command("true", host="elsewhere")

    def command(self, *command: str, **changes: object) -> SshAction:
        """A command on it."""
        plain: dict[str, object] = {
            "host": HOST,
            "port": self.server.port,
            "user": self.server.user,
            "key": "ssh-key",
            "host_keys": (self.server.known_host,),
            "command": command,
            "no_effect": (3,),
        }
        return SshAction.model_validate(plain | changes)

    def take(self) -> None:
        self.program.set_mode("take")

    def refuse(self) -> None:
        self.program.set_mode("refuse")

    def fall_silent(self) -> None:
        self.program.set_mode("silent")

    def say(self, text: str) -> None:
        self.program.say(text)

    def effects(self) -> int:
        return self.program.effects()


@dataclass
class KubernetesSide:
    """A Deployment of the API server of the tests, which is restarted."""

    executor: Executor
    api: KubernetesApi
    timeout: float = 2
    name: str = "shop"

    def action(self, key: str) -> Action:  # noqa: ARG002 (it is in the attempt)
        return self.change()

    def action_elsewhere(self) -> Action:
        return self.change(server="elsewhere")

    def change(self, action: str = "restart", **changes: object) -> KubernetesAction:
        """A change of the Deployment."""
        plain: dict[str, object] = {
            "server": "127.0.0.1",
            "port": self.api.port,
            "token": "cluster-token",
            "ca": "cluster-ca",
            "namespace": "shop",
            "action": action,
            "kind": "deployment",
            "name": self.name,
        }
        return KubernetesAction.model_validate(plain | changes)

    def take(self) -> None:
        self.api.status, self.api.is_silent = None, False

    def refuse(self) -> None:
        self.api.status = 403

    def fall_silent(self) -> None:
        self.api.is_silent = True

    def say(self, text: str) -> None:
        self.api.status, self.api.words = 422, text

    def effects(self) -> int:
        return len(self.api.changes)


class PausingDirectory(LdapDirectory):
    """Its server takes a change and answers no more, or stops just before; a look comes first."""

    def __init__(self, server: LdapServer, before: Callable[[], None], side: "DirectorySide"):
        super().__init__(server, before)
        self._side, self._looks = side, 1

    def _connect(self) -> Connection:
        if self._side.is_slow and self._looks == 0:
            self._side.server.pause()
        line = super()._connect()
        if self._side.is_silent and self._looks == 0:
            self._side.server.pause()
        self._looks -= 1
        return line


@dataclass
class DirectorySide:
    """An account of a real slapd that failed sign-ins have locked, and that is unlocked."""

    server: Slapd
    folder: Path
    login: str = "ivy"
    is_silent: bool = False
    is_slow: bool = False
    """It stops before it is asked for the change."""
    asks: int = 0
    """How often a thread wanted to send a change."""
    timeout: float = 3
    executor: Executor = field(init=False)

    def __post_init__(self) -> None:
        given = surroundings(self.folder)

        def open_directory(server: LdapServer, before: Callable[[], None]) -> Directory:
            def count() -> None:
                self.asks += 1
                before()

            # Longer than the attempt, whose end is what such a test is about.
            longer = replace(server, timeout_s=30) if self.is_slow else server
            return PausingDirectory(longer, count, self)

        self.executor = DirectoryExecutor(given.hosts, given.secrets, open_directory)
        for _ in range(3):
            assert self.server.signs_in("ivy", "wrong") is False

    def action(self, key: str) -> Action:  # noqa: ARG002 (nothing keeps it)
        return self.change()

    def action_elsewhere(self) -> Action:
        return self.change(server="elsewhere")

    def change(self, action: str = "unlock", **changes: object) -> DirectoryAction:
        """A change of the account."""
        plain: dict[str, object] = {
            "server": "127.0.0.1",
            "port": self.server.port,
            "security": "none",
            "ca": None,
            "base": BASE,
            "user": ADMIN,
            "password": "directory",
            "person": "uid",
            "action": action,
            "login": self.login,
        }
        return DirectoryAction.model_validate(plain | changes)

    def take(self) -> None:
        self.login, self.is_silent = "ivy", False
        self.server.resume()

    def refuse(self) -> None:
        self.login = "nobody"

    def fall_silent(self) -> None:
        self.is_silent = True

    def say(self, text: str) -> None:
        raise NotImplementedError

    def effects(self) -> int:
        return int(self.server.signs_in("ivy", "the old word of ivy") is True)


@asynccontextmanager
async def ssh_side() -> AsyncIterator[SshSide]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        program = Program(folder)
        server = await Sshd.begin(folder / "sshd")
        hold_secrets(folder, ssh_key=server.private_key())
        try:
            yield SshSide(EXECUTORS.kind("ssh").open(surroundings(folder)), program, server)
        finally:
            server.stop()


@asynccontextmanager
async def kubernetes_side() -> AsyncIterator[KubernetesSide]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        api = KubernetesApi(folder)
        api.add(SHOP, deployment("shop"))
        await api.start()
        hold_secrets(folder, cluster_token=TOKEN, cluster_ca=api.authority.pem.decode())
        try:
            yield KubernetesSide(EXECUTORS.kind("kubernetes").open(surroundings(folder)), api)
        finally:
            api.stop()


@asynccontextmanager
async def directory_side() -> AsyncIterator[DirectorySide]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        authority, stranger = Authority("directory"), Authority("stranger")
        server = await Slapd.begin(folder / "slapd", authority.sign())
        hold_secrets(
            folder,
            directory=WORD,
            directory_ca=authority.pem.decode(),
            stranger=stranger.pem.decode(),
        )
        try:
            yield DirectorySide(server, folder)
        finally:
            server.resume()
            server.stop()
