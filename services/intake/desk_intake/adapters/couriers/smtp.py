"""Brings tokens by mail: straight to the mail server, so that no topic and no log ever has one."""

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
from desk_contracts.accounts import Account
from desk_contracts.errors import DependencyDown
from desk_contracts.message import message
from desk_contracts.messages import catalogue, negotiate
from pydantic import SecretStr

from desk_intake.recovery.decide import TITLES, VALID
from desk_intake.recovery.model import Kind
from desk_intake.settings import IntakeSettings, LineSecurity

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where the mail server is, who writes, and where the link leads."""

    host: str
    port: int
    sender: str
    page: str
    tls: bool = False
    starttls: bool = False
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None


class SmtpCourier:
    """`Courier` by mail. The token stands behind a #, which no browser sends to any server."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def deliver(self, account: Account, kind: Kind, token: str, language: str) -> None:
        """One mail to the address that the directory has."""
        server, speak = self._server, catalogue(negotiate(language))
        link = f"{server.page}#{kind}.{token}"
        mail = EmailMessage()
        mail["From"], mail["To"] = server.sender, account.mail
        mail["Subject"] = speak.render(TITLES[kind])
        mail["Auto-Submitted"] = "auto-generated"
        body = (
            message("recovery.mail-password", link=link, valid=VALID)
            if kind == "password"
            else message("recovery.mail-unlock", link=link, valid=VALID)
        )
        mail.set_content(speak.render(body))
        secret = server.password
        try:
            await aiosmtplib.send(
                mail,
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=secret.get_secret_value() if secret else None,
                use_tls=server.tls,
                start_tls=server.starttls,
                cert_bundle=str(server.ca_file) if server.ca_file else None,
                timeout=_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            # Without the server's words: they can quote what was sent.
            reason = f"the mail server took no mail: {type(error).__name__}"
            raise DependencyDown(reason, dependency="smtp") from None


def open_courier(settings: IntakeSettings) -> SmtpCourier | None:
    """The mail relay of the settings; None where there is none, or no page to lead to."""
    if settings.relay_host is None or settings.recovery_page is None:
        return None
    return SmtpCourier(
        MailServer(
            settings.relay_host,
            settings.relay_port,
            settings.recovery_sender,
            settings.recovery_page,
            tls=settings.relay_security is LineSecurity.TLS,
            starttls=settings.relay_security is LineSecurity.STARTTLS,
            username=settings.relay_username,
            password=settings.relay_password,
            ca_file=settings.relay_ca_file,
        )
    )
