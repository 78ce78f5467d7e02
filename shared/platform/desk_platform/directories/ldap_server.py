"""Which LDAP directory, and how it is opened: what speaks LDAP is imported then, and not before."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desk_contracts.accounts import Directory
from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class LdapServer:
    """Where the directory is, and as whom the desk changes it."""

    url: str
    base: str
    user: str
    password: SecretStr
    person: str = "uid"
    """The attribute by which the desk knows a person."""
    starttls: bool = False
    ca_file: Path | None = None
    ca_text: str | None = None
    """The same certificates as text (PEM)."""
    certified_name: str | None = None
    """The name its certificate has to have, where the URL has an address instead of it."""
    timeout_s: int = 10
    """How long one answer may take."""


def open_ldap_directory(
    server: LdapServer, before_change: Callable[[], None] = lambda: None
) -> Directory:
    """See `LdapDirectory`."""
    from desk_platform.directories.ldap import LdapDirectory  # noqa: PLC0415  (imports much)

    return LdapDirectory(server, before_change)
