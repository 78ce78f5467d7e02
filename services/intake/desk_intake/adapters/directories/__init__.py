"""Directories of accounts and devices, by the name that the settings give."""

from collections.abc import Callable

from desk_contracts.accounts import Directory
from desk_platform.plugins import Registry

from desk_intake.adapters.directories.keycloak import open_keycloak
from desk_intake.adapters.directories.ldap import open_ldap
from desk_intake.settings import IntakeSettings

__all__ = ["open_directory"]

DirectoryKind = Callable[[IntakeSettings], Directory]

ACCOUNT_DIRECTORIES: Registry[DirectoryKind] = Registry(
    "desk.account-directories", {"ldap": open_ldap, "keycloak": open_keycloak}
)


def open_directory(settings: IntakeSettings) -> Directory | None:
    """The directory of the settings; None where there is none."""
    if settings.directory_host is None:
        return None
    return ACCOUNT_DIRECTORIES.kind(settings.directory_kind)(settings)
