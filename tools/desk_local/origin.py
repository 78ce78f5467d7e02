"""Where Kafka and the store come from: given addresses, else Docker Compose, else local servers."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desk_local.engine import compose_absence
from desk_local.paths import ROOT
from desk_local.ports import HOST
from desk_local.processes import CannotStart
from desk_local.state import Origin

VARIABLES = {"kafka": "DESK_KAFKA", "store": "DESK_STORE"}
_COMPOSE_NAMES = {"kafka": "kafka", "store": "mongo"}


@dataclass(frozen=True)
class Picked:
    """The decision for one server, and why, in words."""

    origin: Origin
    why: str
    address: str | None = None


def pick(forced: Origin | None = None, env: Mapping[str, str] = os.environ) -> dict[str, Picked]:
    """For each server; the engine is asked once and only if somebody needs it."""
    given = {name: env[variable] for name, variable in VARIABLES.items() if env.get(variable)}
    if forced is Origin.GIVEN and len(given) < len(VARIABLES):
        raise CannotStart("Set both DESK_KAFKA and DESK_STORE to use given servers.")
    picked = {
        name: Picked(Origin.GIVEN, f"{VARIABLES[name]} is set", address)
        for name, address in given.items()
        if forced in (None, Origin.GIVEN)
    }
    missing = [name for name in VARIABLES if name not in picked]
    if missing:
        fallback = _engine_or_local(forced)
        picked |= dict.fromkeys(missing, fallback)
    return picked


def _engine_or_local(forced: Origin | None) -> Picked:
    if forced is Origin.LOCAL:
        return Picked(Origin.LOCAL, "it was asked for")
    absence = compose_absence()
    if absence is None:
        return Picked(Origin.COMPOSE, "Docker Compose answers")
    if forced is Origin.COMPOSE:
        raise CannotStart(f"Docker Compose was asked for, but {absence}. Start the engine first.")
    return Picked(Origin.LOCAL, f"no address is given and {absence}")


def compose_address(name: str, port: int) -> str:
    """Where programs of this machine reach a container."""
    if name == "kafka":
        return f"{HOST}:{port}"
    return f"mongodb://{HOST}:{port}/?directConnection=true"


def compose_up(names: list[str], ports: Mapping[str, int]) -> None:
    """Start and wait for their health checks."""
    _compose(ports, "up", "--detach", "--wait", *(_COMPOSE_NAMES[name] for name in names))


def compose_down(ports: Mapping[str, int]) -> None:
    """Stop and remove the containers; their volumes stay."""
    _compose(ports, "down")


def project_of(root: Path) -> str:
    """Containers and volumes of this clone: another folder is another desk."""
    return f"experience-desk-{hashlib.blake2b(str(root).encode(), digest_size=4).hexdigest()}"


def _compose(ports: Mapping[str, int], *arguments: str) -> None:
    file = str(ROOT / "compose.yaml")
    command = ["docker", "compose", "--project-name", project_of(ROOT), "--file", file, *arguments]
    env = {f"DESK_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    done = subprocess.run(command, env={**os.environ, **env}, check=False)  # noqa: S603
    if done.returncode != 0:
        raise CannotStart(f"`{' '.join(command)}` failed; its output is above.")
