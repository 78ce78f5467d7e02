"""TCP ports of this machine: lease a free one, or say kindly that the wanted one is taken."""

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from desk_local.processes import CannotStart

HOST = "127.0.0.1"
OFFSET = "DESK_PORT_OFFSET"
# The highest port of a desk is MongoDB's 27017.
_MOST_OFFSET = 30_000
_LOWEST, _HIGHEST = 12_000, 32_000


def is_free(port: int) -> bool:
    """Nobody listens there; what a closed connection left behind does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on, leased to this process until it ends.

    A server binds its port seconds after it was chosen, so two processes that only look for a
    free one would meet now and then. They lie below the range from which outgoing connections
    take theirs, so that a server that is killed and started again finds its port as it left it.
    """
    ports: list[int] = []
    for port in random.sample(range(_LOWEST, _HIGHEST), _HIGHEST - _LOWEST):
        if len(ports) == count:
            break
        if _lease(port):
            ports.append(port)
    if len(ports) < count:
        raise CannotStart(f"Fewer than {count} ports from {_LOWEST} to {_HIGHEST} are free.")
    return ports


def free_offset(ports: Iterable[int]) -> int:
    """By how much all these ports can be moved to free ones, leased as `free_ports` does."""
    wanted = list(ports)
    highest = _HIGHEST - max(wanted)
    for moved in random.sample(range(1, highest), highest - 1):
        if all(_lease(port + moved) for port in wanted):
            return moved
    raise CannotStart(f"No offset up to {highest} moves all of {wanted} to free ports.")


def _lease(port: int) -> bool:
    """Whether it is free, and from now on this process's own: the lock ends with the process."""
    if port in _leases() or not is_free(port):
        return False
    try:
        fcntl.lockf(_book(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _leases().add(port)
    return True


@cache
def _leases() -> set[int]:
    """A process may lock again what it has locked, so it must know."""
    return set()


@cache
def _book() -> int:
    """A file of no content: its byte N is locked by the process that has leased port N.

    It stays open until the process ends, so it is a descriptor and no file object.
    """
    path = Path(tempfile.gettempdir()) / f"desk-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def offset(env: Mapping[str, str] = os.environ) -> int:
    """By how much every port of a desk is moved, so that two run on one machine."""
    text = env.get(OFFSET) or "0"
    if not text.isdecimal() or int(text) > _MOST_OFFSET:
        raise CannotStart(
            f"{OFFSET} cannot be '{text}'; write a number from 0 to {_MOST_OFFSET}: all ports of"
            " the desk are moved by it."
        )
    return int(text)


def read_port(variable: str, default: int, env: Mapping[str, str] = os.environ) -> int:
    """The port that a variable names, or the default."""
    text = env.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise CannotStart(f"{variable} cannot be '{text}'; write a port from 1 to 65535.")
    return int(text)


def demand_free(ports: Iterable[int], *, what: str, setting: str) -> None:
    """Refuse before anything is started; `setting` is the variable that moves the port."""
    for port in ports:
        if not is_free(port):
            raise CannotStart(
                f"Port {port}, which {what} needs, is in use by another program. "
                f"Stop that program, or choose another port: {setting}={port + 10000} make up;"
                f" {OFFSET}=100 make up moves all ports of the desk."
            )
