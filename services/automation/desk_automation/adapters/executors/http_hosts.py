"""Which hosts may be called: written in the settings, checked at the address that is connected to.

A name proves nothing: whoever owns it may point it at this machine. So the address it leads to is
judged, and exactly that one is called.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpcore
import httpx

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


_DEFAULT_PORTS = (range(80, 81), range(443, 444))
_ANY_PORT = (range(65536),)
_NAME = re.compile(r"[a-z0-9*_-]+(\.[a-z0-9*_-]+)*")
_PORTS = re.compile(r"\*|[0-9]{1,5}(-[0-9]{1,5})?")
# Where clouds keep the credentials of their machines, beside the link-local 169.254.169.254.
_METADATA = frozenset(
    ipaddress.ip_address(item)
    for item in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
LOOPBACK = ("localhost:*", "127.0.0.0/8:*", "[::1]:*")


class NotAllowed(Exception):
    """This address is not called; the text says why."""


@dataclass(frozen=True, slots=True)
class HostEntry:
    """One line of the list: a name or a network, and its ports."""

    name: str
    network: _Network | None
    ports: tuple[range, ...]

    def has_port(self, port: int) -> bool:
        return any(port in ports for ports in self.ports)


def read_entry(text: str) -> HostEntry:
    """`agent.example`, `*.example:8443`, `10.0.0.0/8:9000-9010`, `[::1]:*`; without ports 80, 443.

    ValueError says what is wrong.
    """
    if (network := _network(text)) is not None:
        return HostEntry("", network, _DEFAULT_PORTS)
    host, colon, ports = text.rpartition(":")
    if not colon:
        host, ports = text, ""
    elif not _PORTS.fullmatch(ports):
        raise ValueError(f"'{text}' has no port behind its colon; write :443, :9000-9010 or :*")
    network = _network(host.removeprefix("[").removesuffix("]"))
    name = "" if network else host.lower()
    if network is None and not _NAME.fullmatch(name):
        raise ValueError(f"'{text}' is no host name, address or network")
    if not ports:
        return HostEntry(name, network, _DEFAULT_PORTS)
    if ports == "*":
        return HostEntry(name, network, _ANY_PORT)
    first, _, last = ports.partition("-")
    return HostEntry(name, network, (range(int(first), int(last or first) + 1),))


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


class Hosts:
    """The hosts that may be called: names, `*.domain` patterns, addresses, networks; with ports."""

    def __init__(self, allowed: Sequence[str]) -> None:
        entries = [read_entry(item) for item in allowed]
        self._names = [entry for entry in entries if entry.network is None]
        self._networks = [entry for entry in entries if entry.network is not None]

    def refusal(self, url: httpx.URL) -> str | None:
        """Why this address is not called; None if it may be, should it lead somewhere allowed."""
        if url.scheme not in {"http", "https"}:
            return f"'{url.scheme}' is not called, only http and https"
        if url.userinfo:
            return "an address with a user name or password in it is not called"
        if not url.host:
            return "an address without a host is not called"
        return self.refusal_for(url.host, url.port or (443 if url.scheme == "https" else 80))

    def refusal_for(self, host: str, port: int) -> str | None:
        """The same for a target that has no URL."""
        host = host.lower()
        literal = _literal(host)
        if literal is not None:
            is_allowed = self._covers(literal, port)
        else:
            name = host.rstrip(".")
            is_allowed = any(
                entry.has_port(port) and fnmatchcase(name, entry.name) for entry in self._names
            )
        return None if is_allowed else f"the host {host}:{port} may not be called"

    def entry_of(self, url: httpx.URL) -> str:
        """The line of the list that lets it be called; empty if none does by the name alone."""
        host, literal = url.host.lower().rstrip("."), _literal(url.host)
        if literal is None:
            return next((item.name for item in self._names if fnmatchcase(host, item.name)), "")
        inner = _inner(literal)
        networks = (item.network for item in self._networks if item.network is not None)
        return next((str(network) for network in networks if inner in network), "")

    def refusal_of(self, host: str, port: int, address: _Address) -> str | None:
        """Why the address that a host leads to is not connected to."""
        if self._covers(address, port):
            return None
        # A pattern that happens to fit does not say that this machine is meant.
        is_own = host == "localhost" and any(
            item.name == host and item.has_port(port) for item in self._names
        )
        if _literal(host) is not None or (_is_special(address) and not is_own):
            return f"the host {host} leads to {address}, which may not be called"
        return None

    def _covers(self, address: _Address, port: int) -> bool:
        inner = _inner(address)
        return any(
            item.network is not None and item.has_port(port) and inner in item.network
            for item in self._networks
        )


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inner(address: _Address) -> _Address:
    """An IPv4 address in an IPv6 one leads to the former."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _is_special(address: _Address) -> bool:
    """This machine, its own network segment, its cloud's credentials, and what is no host."""
    inner = _inner(address)
    return (
        inner.is_loopback
        or inner.is_link_local
        or inner.is_unspecified
        or inner.is_multicast
        or inner.is_reserved
        or inner in _METADATA
    )


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Finds the addresses of a host once, judges them, and connects to one that was judged."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the interface's)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A stream to one of the host's allowed addresses."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await _addresses(host, port):
            refused = self._hosts.refusal_of(host, port, ipaddress.ip_address(address))
            if refused is not None:
                raise NotAllowed(refused)
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


async def find_allowed_addresses(hosts: Hosts, host: str, port: int) -> list[str]:
    """The addresses of a target, for a client that connects by itself to what it is given.

    `NotAllowed` where it is not listed, or leads to one address that is not.
    """
    if (refused := hosts.refusal_for(host, port)) is not None:
        raise NotAllowed(refused)
    addresses = await _addresses(host, port)
    for address in addresses:
        refused = hosts.refusal_of(host, port, ipaddress.ip_address(address))
        if refused is not None:
            raise NotAllowed(refused)
    return addresses


async def _addresses(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        resolved = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} is not found: {error}") from error
    return list(dict.fromkeys(str(item[4][0]) for item in resolved))
