"""The LDAP directory that intake's settings name."""

from desk_contracts.accounts import Directory
from desk_platform.directories.ldap_server import LdapServer, open_ldap_directory
from pydantic import SecretStr

from desk_intake.settings import IntakeSettings, LineSecurity


def open_ldap(settings: IntakeSettings) -> Directory:
    """As the settings say."""
    scheme = "ldaps" if settings.directory_security is LineSecurity.TLS else "ldap"
    return open_ldap_directory(
        LdapServer(
            f"{scheme}://{settings.directory_host}:{settings.directory_port}",
            settings.directory_base,
            settings.directory_user,
            settings.directory_password or SecretStr(""),
            settings.directory_person or "uid",
            starttls=settings.directory_security is LineSecurity.STARTTLS,
            ca_file=settings.directory_ca_file,
        )
    )
