"""Which real Kafka and store the tests use: given ones, containers, or local servers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from desk_local import local_servers
from desk_local.engine import engine_absence
from desk_local.servers import Backend


class Infra(StrEnum):
    """Where the servers come from; the values of `--infra`."""

    GIVEN = "given"
    CONTAINERS = "containers"
    LOCAL = "local"


class NotThere(Exception):
    """The wanted kind of servers cannot be had here; the message says why."""


class Servers(Protocol):
    """The addresses, and the way to let go of what was started."""

    @property
    def kafka(self) -> str: ...

    @property
    def store_url(self) -> str: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Choice:
    """Which kind, and why, in words for the report's header."""

    infra: Infra
    why: str


def choose(wanted: str | None, env: Mapping[str, str] = os.environ) -> Choice:
    """What was asked for; else given addresses if there are both; else local servers."""
    if wanted is not None:
        return Choice(Infra(wanted), "asked for by --infra")
    if env.get("DESK_KAFKA") and env.get("DESK_STORE"):
        return Choice(Infra.GIVEN, "DESK_KAFKA and DESK_STORE are set")
    return Choice(Infra.LOCAL, "DESK_KAFKA and DESK_STORE are not both set")


def start(infra: Infra, backend: Backend) -> Servers:
    """Servers that answer, or `NotThere`; `backend` is that of a local store."""
    match infra:
        case Infra.GIVEN:
            return read_given()
        case Infra.CONTAINERS:
            return _containers()
        case Infra.LOCAL:
            servers = local_servers(backend=backend, is_quick=True)
            servers.start()
            return servers


def _containers() -> Servers:
    reason = engine_absence()
    if reason is not None:
        raise NotThere(f"--infra=containers: {reason}")
    # Half a second of imports that no other run should pay for.
    from desk_testing import containers  # noqa: PLC0415

    return containers.start()


@dataclass(frozen=True)
class Given:
    """Somebody else's servers: only used, never stopped."""

    kafka: str
    store_url: str

    def stop(self) -> None:
        """They are not ours."""


def read_given(env: Mapping[str, str] = os.environ) -> Given:
    """The addresses from the environment."""
    kafka, store_url = env.get("DESK_KAFKA"), env.get("DESK_STORE")
    if not kafka or not store_url:
        raise NotThere("--infra=given needs both addresses: set DESK_KAFKA and DESK_STORE")
    return Given(kafka, store_url)
