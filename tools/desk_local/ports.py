"""TCP ports of this machine: find a free one, or say kindly that the wanted one is taken."""

import secrets
import socket
from collections.abc import Iterable

from desk_local.processes import CannotStart

HOST = "127.0.0.1"
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


def demand_free(ports: Iterable[int], *, what: str, setting: str) -> None:
    """Refuse before anything is started; `setting` is the variable that moves the port."""
    for port in ports:
        if not is_free(port):
            raise CannotStart(
                f"Port {port}, which {what} needs, is in use by another program. "
                f"Stop that program, or choose another port: {setting}={port + 10000} make up"
            )
