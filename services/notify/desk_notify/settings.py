"""What notify reads from the environment."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from desk_contracts.mail_addresses import BadAddress, read_address
from desk_platform.settings import ServiceSettings
from desk_platform.settings.groups import WebAddress
from pydantic import AfterValidator, Field, FilePath, SecretStr
from pydantic import model_validator as check_together
from pydantic_settings import SettingsConfigDict


def _plain_address(value: str) -> str:
    try:
        address = read_address(value)
    except BadAddress as bad:
        raise ValueError(f"{bad.message}.") from bad
    if not address.is_ascii:
        raise ValueError(f"'{value}' has letters before its @ that not every mail server takes.")
    return value


def _domain(value: str) -> str:
    star, rest = ("*.", value[2:]) if value.startswith("*.") else ("", value)
    try:
        return star + read_address(f"x@{rest}").domain
    except BadAddress as bad:
        raise ValueError(f"'{value}' is no domain; write desk.example or *.desk.example.") from bad


class SmtpSecurity(StrEnum):
    """How the line to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class NotifySettings(ServiceSettings):
    """Settings of notify. Without a mail server it publishes and logs, and sends no mail."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8004
    """Port the HTTP side listens on; 0 takes a free one."""

    portal: WebAddress | None = None
    """Public address of the employees' portal, for links to tickets; no links without it."""

    directory: str = "charter"
    """Where people and teams are looked up: a kind that is installed, such as `charter`."""

    team_language: Literal["en", "de"] = "en"
    """Language that messages to teams are written in; people are written to in their own."""

    smtp_host: str | None = None
    """Name of the mail server; no mail is sent without it."""

    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port of the mail server."""

    smtp_security: SmtpSecurity = SmtpSecurity.STARTTLS
    """How the line to the mail server is protected: starttls, tls or none."""

    smtp_username: str | None = None
    """Name to sign in to the mail server with, where it asks for one."""

    smtp_password: SecretStr | None = None
    """Password to sign in to the mail server with."""

    smtp_ca_file: FilePath | None = None
    """PEM file with the certificates that sign the mail server's own; the system's when not given.
    """

    smtp_timeout: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(seconds=60))] = (
        timedelta(seconds=20)
    )
    """How long the mail server may take for one answer, in seconds, 60 at most."""

    smtp_connections: Annotated[int, Field(ge=1, le=32)] = 4
    """How many mails are sent side by side."""

    mail_attempts: Annotated[int, Field(ge=1, le=100)] = 12
    """How often one mail is tried before notify gives up; a server that is away costs none."""

    mail_domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()
    """Domains whose people may be mailed, `*.desk.example` for all below one; with commas. Others
    get mail only if the charter names them; what is not sent is `held_back` in `/v1/deliveries`."""

    mail_per_hour: Annotated[int, Field(ge=1, le=1000)] = 60
    """How many mails one person gets in an hour; more are held back. Teams' channels have no cap.
    """

    sender: Annotated[str, AfterValidator(_plain_address)] = "experience-desk@desk.example"
    """Mail address that messages come from; its domain is also in their Message-ID."""

    sender_name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\r\n]+$")] = (
        "Experience Desk"
    )
    """Name that messages come from."""

    reply_to: Annotated[str, AfterValidator(_plain_address)] | None = None
    """Mailbox of the desk where answers to mails go; behind a plus sign each mail names its ticket.
    Without it mails have no Reply-To."""

    reply_secret: SecretStr | None = None
    """Signs the tokens by which answers find their ticket; the same as `INTAKE_REPLY_SECRET`."""

    @check_together(mode="after")
    def _agree(self) -> Self:
        if (self.reply_to is None) != (self.reply_secret is None):
            raise ValueError(
                "NOTIFY_REPLY_TO and NOTIFY_REPLY_SECRET belong together; set both or neither."
            )
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError(
                "NOTIFY_SMTP_USERNAME and NOTIFY_SMTP_PASSWORD belong together; set both or"
                " neither."
            )
        if self.smtp_password is not None and self.smtp_security is SmtpSecurity.NONE:
            raise ValueError(
                "NOTIFY_SMTP_SECURITY is none, which would send the password in the clear; choose"
                " starttls or tls, or unset NOTIFY_SMTP_USERNAME and NOTIFY_SMTP_PASSWORD."
            )
        return self
