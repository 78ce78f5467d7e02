"""Mail by SMTP: one connection, kept open, and a plain answer to how each sending went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientRefused,
    SMTPResponseException,
)
from desk_contracts.errors import DependencyDown
from desk_contracts.mail_addresses import BadAddress, MailAddress, address_in, read_address
from desk_contracts.message import Message, message
from pydantic import SecretStr

from desk_notify.deliveries.channel import Channel, ChannelKind
from desk_notify.deliveries.decide import Later, Outcome, Refused, Sent
from desk_notify.deliveries.mail import ReplyTo, mail_of
from desk_notify.deliveries.model import Dispatch
from desk_notify.settings import NotifySettings, SmtpSecurity

# A refusal is a code of these; any other answer at that moment says nothing about the mail.
_FOR_NOW, _FOR_GOOD = range(400, 500), range(500, 600)
# Of what a mail server says, so much is kept.
_LONGEST_ANSWER = 500


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where the mail server is and who we are to it."""

    host: str
    port: int
    sender: str
    sender_name: str
    starttls: bool = False
    tls: bool = False
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    timeout: timedelta = timedelta(seconds=20)
    reply_to: ReplyTo | None = None


class SmtpChannel:
    """`Channel` for `mailto:`. Not for two tasks at once: SMTP is a conversation."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._smtp = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            timeout=server.timeout.total_seconds(),
            use_tls=server.tls,
            start_tls=server.starttls,
            cert_bundle=str(server.ca_file) if server.ca_file else None,
        )

    async def open(self) -> None:
        """Connect, or make sure that the line still stands."""
        if self._smtp.is_connected and await self._answers():
            return
        secret = self._server.password
        try:
            # One that lies in a file may have been replaced since the last line.
            await self._smtp.connect(password=secret.get_secret_value() if secret else None)
        except (SMTPException, OSError) as error:
            self._smtp.close()
            where = f"{self._server.host}:{self._server.port}"
            reason = f"the mail server {where} cannot be used: {error}"
            raise DependencyDown(reason, dependency="smtp") from error

    async def send(self, dispatch: Dispatch, channel: str) -> Outcome:
        """One mail. Once its text is on the way, a line that breaks leaves the outcome unknown."""
        server = self._server
        try:
            to, sender = read_address(address_in(channel)), read_address(server.sender)
        except BadAddress as error:
            return Refused(message("delivery.bad-address", why=error.message))
        mail = mail_of(dispatch, channel, to, sender, server.sender_name, server.reply_to)
        is_over = False
        try:
            outcome = await self._envelope(to, sender) or await self._text(mail)
            is_over = True
        finally:
            # Who is stopped in the middle leaves answers behind that the next mail would take
            # for its own.
            if not is_over:
                self._smtp.close()
        return outcome

    async def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if not self._smtp.is_connected:
            return
        try:
            await self._smtp.quit()
        except (SMTPException, OSError):
            self._smtp.close()

    async def _answers(self) -> bool:
        try:
            await self._smtp.noop()
        except (SMTPException, OSError):
            self._smtp.close()
            return False
        return True

    async def _envelope(self, to: MailAddress, sender: MailAddress) -> Outcome | None:
        """Who it is from and for; None if the mail server goes along."""
        try:
            options: list[str] = []
            if not to.is_ascii:
                if not await self._takes_any_letter():
                    return Refused(message("delivery.letters-not-taken", address=str(to)))
                options = ["SMTPUTF8", "BODY=8BITMIME"]
            await self._smtp.mail(str(sender), options=options, encoding="utf-8")
            await self._smtp.rcpt(str(to), encoding="utf-8")
        except SMTPRecipientRefused as error:
            return await self._after(_refusal(error))
        except SMTPResponseException as error:
            # Not about this mail: our sender or our sign-in is not accepted at the moment.
            return await self._after(Later(_words(error)))
        except (SMTPException, OSError) as error:
            return self._break_off(error, is_unknown=False)
        return None

    async def _takes_any_letter(self) -> bool:
        if self._smtp.is_ehlo_or_helo_needed:
            try:
                await self._smtp.ehlo()
            except SMTPHeloError:
                return False
        return self._smtp.supports_extension("smtputf8")

    async def _text(self, text: bytes) -> Outcome:
        """Only a plain yes to the whole text is a yes."""
        try:
            answer = await self._smtp.data(text)
        except SMTPDataError as error:
            if error.code in _FOR_NOW or error.code in _FOR_GOOD:
                return _refusal(error)
            return self._break_off(error, is_unknown=True)
        except (SMTPException, OSError) as error:
            return self._break_off(error, is_unknown=True)
        return Sent(f"{answer.code} {answer.message}"[:_LONGEST_ANSWER])

    async def _after(self, outcome: Outcome) -> Outcome:
        """Take back the envelope that was begun."""
        try:
            await self._smtp.rset()
        except (SMTPException, OSError):
            self._smtp.close()
        return outcome

    def _break_off(self, error: Exception, *, is_unknown: bool) -> Outcome:
        self._smtp.close()
        return Later(message("delivery.line-broke", error=str(error)), is_unknown=is_unknown)


def _refusal(error: SMTPResponseException) -> Outcome:
    return Refused(_words(error)) if error.code in _FOR_GOOD else Later(_words(error))


def _words(error: SMTPResponseException) -> Message:
    answer = f"{error.code} {error.message}"[:_LONGEST_ANSWER]
    return message("delivery.server-said", answer=answer)


def connect(settings: NotifySettings) -> Sequence[Channel]:
    """As many connections as the settings allow; none without a mail server."""
    if settings.smtp_host is None:
        return ()
    reply_to = None
    if settings.reply_to is not None and settings.reply_secret is not None:
        reply_to = ReplyTo(read_address(settings.reply_to), settings.reply_secret)
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.sender,
        sender_name=settings.sender_name,
        starttls=settings.smtp_security is SmtpSecurity.STARTTLS,
        tls=settings.smtp_security is SmtpSecurity.TLS,
        username=settings.smtp_username,
        password=settings.smtp_password,
        ca_file=settings.smtp_ca_file,
        timeout=settings.smtp_timeout,
        reply_to=reply_to,
    )
    return [SmtpChannel(server) for _ in range(settings.smtp_connections)]


SMTP_KIND = ChannelKind("smtp", connect)
