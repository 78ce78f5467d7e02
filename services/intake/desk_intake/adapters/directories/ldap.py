"""The LDAP directory that intake's settings name."""

from desk_platform.directories.ldap import LdapDirectory, LdapServer

from desk_intake.settings import IntakeSettings, LineSecurity

__all__ = ["LdapDirectory", "open_directory"]


def open_directory(settings: IntakeSettings) -> LdapDirectory | None:
    """The directory of the settings; None where there is none."""
    if settings.directory_host is None or settings.directory_password is None:
        return None
    scheme = "ldaps" if settings.directory_security is LineSecurity.TLS else "ldap"
    return LdapDirectory(
        LdapServer(
            f"{scheme}://{settings.directory_host}:{settings.directory_port}",
            settings.directory_base,
            settings.directory_user,
            settings.directory_password,
            settings.directory_person,
            starttls=settings.directory_security is LineSecurity.STARTTLS,
            ca_file=settings.directory_ca_file,
        )
    )
