"""What intake can be told from outside."""

import tempfile
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from desk_platform.settings import ServiceSettings
from desk_platform.settings.groups import WebAddress
from desk_platform.store.sqlite.store import SCHEME, folder_of
from pydantic import DirectoryPath, Field, FilePath, SecretStr
from pydantic import model_validator as check_together
from pydantic_settings import SettingsConfigDict

INDEX_FOLDER = "intake-indexes"
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

    indexes: Path | None = None
    """Folder of the indexes of tickets, articles and problems; if not set, beside the embedded
    store, else in the system's folder for temporary files. It can be deleted: they are made anew
    from their topics."""

    signing_secrets: DirectoryPath | None = None
    """Folder with the secrets of webhooks that are signed and of chats, each in a file of its name;
    read again when a file changes."""

    smtp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port on which your mail server hands over mail by SMTP; none is taken without it. Nobody else
    may reach it."""

    smtp_cert_file: FilePath | None = None
    """PEM file with the certificate for STARTTLS on that port."""

    smtp_key_file: FilePath | None = None
    """PEM file with the private key of `INTAKE_SMTP_CERT_FILE`."""

    smtp_connections: Annotated[int, Field(ge=1, le=10_000)] = 50
    """How many connections that port has at once; more are told to come back later."""

    mail_bytes: Annotated[int, Field(ge=64 * 1024, le=64 * 1024 * 1024)] = 10 * 1024 * 1024
    """How large a mail may be, in bytes; a larger one is refused."""

    authserv_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Name by which your mail server signs `Authentication-Results`. Without it no sender counts as
    authentic, and nobody acts as staff by mail."""

    reply_secret: SecretStr | None = None
    """Signs the tokens by which answers find their ticket; the same as `NOTIFY_REPLY_SECRET`."""

    imap_host: str | None = None
    """Name of the server whose mailbox is fetched from; none is fetched without it."""

    imap_port: Annotated[int, Field(ge=1, le=65535)] = 993
    """Port of that server."""

    imap_security: LineSecurity = LineSecurity.TLS
    """How the line to it is protected: tls, starttls or none."""

    imap_username: str | None = None
    """Name to sign in to it with."""

    imap_password: SecretStr | None = None
    """Password to sign in to it with."""

    imap_ca_file: FilePath | None = None
    """PEM file with the certificates that sign its own; the system's when not given."""

    imap_folder: Annotated[str, Field(min_length=1, max_length=200)] = "INBOX"
    """Folder that is the desk's alone: what is unread in it is taken and marked as read."""

    imap_interval: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(hours=1))] = timedelta(
        seconds=30
    )
    """How long to wait before looking again, in seconds."""

    survey_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Of how many solved tickets people are asked how it went: 0.3 is three of ten."""

    survey_every: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=30)
    """Nobody is asked again before this time has passed, in seconds."""

    directory_kind: str = "ldap"
    """What holds accounts: `ldap` with devices, `keycloak` without, or a kind that is installed."""

    directory_host: str | None = None
    """Name of the directory's server; without it the desk recovers no account and offers nothing
    for people's own devices."""

    directory_port: Annotated[int, Field(ge=1, le=65535)] = 389
    """Port of that server."""

    directory_security: LineSecurity = LineSecurity.STARTTLS
    """How the line to it is protected: starttls (LDAP only), tls, or none on this machine only."""

    directory_ca_file: FilePath | None = None
    """PEM file with the certificates that sign the server's own; the system's when not given."""

    directory_base: str = ""
    """DN below which accounts and devices are; Keycloak's realm."""

    directory_user: str = ""
    """DN of the account that may set passwords and lift locks; Keycloak's client for that."""

    directory_password: SecretStr | None = None
    """Password of that account; secret of that client."""

    directory_person: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] | None = None
    """Attribute by which the desk knows a person: what the sign-in's `sub` says. When not given,
    `uid` of LDAP and `id` of Keycloak."""

    recovery_page: WebAddress | None = None
    """Public address of the page where people choose a new password; the mail's link leads there.
    """

    recovery_sender: str = "experience-desk@desk.example"
    """Mail address that links come from."""

    relay_host: str | None = None
    """Name of the mail server that takes the links; no topic and no log has them."""

    relay_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port of the mail server."""

    relay_security: LineSecurity = LineSecurity.STARTTLS
    """How the line to the mail server is protected: starttls, tls, or none on this machine only."""

    relay_username: str | None = None
    """Name to sign in to the mail server with, where it asks for one."""

    relay_password: SecretStr | None = None
    """Password to sign in to the mail server with."""

    relay_ca_file: FilePath | None = None
    """PEM file with the certificates that sign the mail server's own; the system's when not given.
    """

    @check_together(mode="after")
    def _agree(self) -> Self:
        if (self.smtp_cert_file is None) != (self.smtp_key_file is None):
            raise ValueError(
                "INTAKE_SMTP_CERT_FILE and INTAKE_SMTP_KEY_FILE belong together; set both or"
                " neither."
            )
        has_login = self.imap_username is not None and self.imap_password is not None
        if self.imap_host is not None and not has_login:
            raise ValueError(
                "INTAKE_IMAP_HOST needs INTAKE_IMAP_USERNAME and INTAKE_IMAP_PASSWORD; set both."
            )
        return self

    @check_together(mode="after")
    def _protect_secrets(self) -> Self:
        """Passwords and links go over no line that others can read."""
        lines = (
            ("DIRECTORY", self.directory_host, self.directory_security),
            ("RELAY", self.relay_host, self.relay_security),
        )
        for name, host, security in lines:
            if host and security is LineSecurity.NONE and host not in _HERE:
                raise ValueError(
                    f"INTAKE_{name}_SECURITY is none, which would send secrets in the clear; choose"
                    f" starttls or tls, or a server on this machine ({', '.join(sorted(_HERE))})."
                )
        if (self.relay_username is None) != (self.relay_password is None):
            raise ValueError(
                "INTAKE_RELAY_USERNAME and INTAKE_RELAY_PASSWORD belong together; set both or"
                " neither."
            )
        if self.recovers and self.recovery_page is None:
            raise ValueError(
                "INTAKE_RECOVERY_PAGE is missing: the links that are mailed have to lead somewhere."
            )
        return self

    @check_together(mode="after")
    def _agree_on_the_directory(self) -> Self:
        if (self.directory_host is None) != (self.directory_password is None):
            raise ValueError(
                "INTAKE_DIRECTORY_HOST and INTAKE_DIRECTORY_PASSWORD belong together; set both or"
                " neither."
            )
        has_starttls = self.directory_security is LineSecurity.STARTTLS
        if self.directory_host and self.directory_kind == "keycloak" and has_starttls:
            raise ValueError(
                "INTAKE_DIRECTORY_SECURITY is starttls, which HTTP does not have; Keycloak is"
                " reached by tls."
            )
        return self

    @property
    def recovers(self) -> bool:
        """Whether people can recover their accounts by themselves."""
        return self.directory_host is not None and self.relay_host is not None

    @property
    def indexes_folder(self) -> Path:
        """Where the indexes lie; one process alone writes there."""
        if self.indexes is not None:
            return self.indexes
        url = self.store.url
        folder = folder_of(url) if url.startswith(SCHEME) else Path(tempfile.gettempdir())
        return folder / f"{self.store.database_prefix}{INDEX_FOLDER}"
