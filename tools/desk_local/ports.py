"""TCP ports of this machine: find a free one, or say kindly that the wanted one is taken."""

import os
import secrets
import socket
from collections.abc import Iterable, Mapping

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
    """Different ports that nobody listens on now.

    Below the range from which outgoing connections take theirs, so that a server that is killed
    and started again finds its port as it left it.
    """
    ports: set[int] = set()
    while len(ports) < count:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if is_free(port):
            ports.add(port)
    return list(ports)


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
