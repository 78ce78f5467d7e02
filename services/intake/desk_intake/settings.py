"""What intake can be told from outside."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from desk_platform.settings import ServiceSettings
from desk_platform.settings.groups import WebAddress
from pydantic import Field, FilePath, SecretStr
from pydantic import model_validator as check_together
from pydantic_settings import SettingsConfigDict

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class LineSecurity(StrEnum):
    """How a line to another server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class IntakeSettings(ServiceSettings):
    """Settings of intake. Without a directory nobody recovers their account by themselves."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8001
    """Port the HTTP side listens on; 0 takes a free one."""

    close_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=5)
    """How long a resolved ticket waits for an objection before it closes by itself, in seconds."""

    directory_host: str | None = None
    """Name of the LDAP server with accounts and devices; without it the desk recovers no account
    and offers nothing for people's own devices."""

    directory_port: Annotated[int, Field(ge=1, le=65535)] = 389
    """Port of the LDAP server."""

    directory_security: LineSecurity = LineSecurity.STARTTLS
    """How the line to the LDAP server is protected: starttls, tls, or none on this machine only."""

    directory_ca_file: FilePath | None = None
    """PEM file with the certificates that sign the LDAP server's own; the system's when not given.
    """

    directory_base: str = ""
    """DN below which accounts and devices are."""

    directory_user: str = ""
    """DN of the account that may set passwords and lift locks."""

    directory_password: SecretStr | None = None
    """Password of that account."""

    directory_person: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = "uid"
    """Attribute by which the desk knows a person: what the sign-in's `sub` says."""

    recovery_page: WebAddress | None = None
    """Public address of the page where people choose a new password; the mail's link leads there.
    """

    recovery_sender: str = "experience-desk@desk.example"
    """Mail address that links come from."""

    smtp_host: str | None = None
    """Name of the mail server that takes the links; no topic and no log has them."""

    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port of the mail server."""

    smtp_security: LineSecurity = LineSecurity.STARTTLS
    """How the line to the mail server is protected: starttls, tls, or none on this machine only."""

    smtp_username: str | None = None
    """Name to sign in to the mail server with, where it asks for one."""

    smtp_password: SecretStr | None = None
    """Password to sign in to the mail server with."""

    smtp_ca_file: FilePath | None = None
    """PEM file with the certificates that sign the mail server's own; the system's when not given.
    """

    @property
    def recovers(self) -> bool:
        """Whether people can recover their accounts by themselves."""
        return self.directory_host is not None and self.smtp_host is not None

    @check_together(mode="after")
    def _agree(self) -> Self:
        """Passwords and links go over no line that others can read."""
        lines = (
            ("DIRECTORY", self.directory_host, self.directory_security),
            ("SMTP", self.smtp_host, self.smtp_security),
        )
        for name, host, security in lines:
            if host and security is LineSecurity.NONE and host not in _HERE:
                raise ValueError(
                    f"INTAKE_{name}_SECURITY is none, which would send secrets in the clear; choose"
                    f" starttls or tls, or a server on this machine ({', '.join(sorted(_HERE))})."
                )
        if (self.directory_host is None) != (self.directory_password is None):
            raise ValueError(
                "INTAKE_DIRECTORY_HOST and INTAKE_DIRECTORY_PASSWORD belong together; set both or"
                " neither."
            )
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError(
                "INTAKE_SMTP_USERNAME and INTAKE_SMTP_PASSWORD belong together; set both or"
                " neither."
            )
        if self.recovers and self.recovery_page is None:
            raise ValueError(
                "INTAKE_RECOVERY_PAGE is missing: the links that are mailed have to lead somewhere."
            )
        return self
