"""Mail that a mail server hands over: 250 only when it is safe in the store (RFC 5321, 4.2.5).

What can never be taken is refused with a 5xx whose sentence the sender gets from their own mail
server; what may be taken later with a 4xx, so that the server keeps it.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from desk_contracts.errors import DeskError, Rejected, Transient
from desk_contracts.messages import catalogue
from desk_contracts.text import plain_line
from desk_platform.kafka.retry import attempt_value
from desk_platform.telemetry import get_logger

from desk_intake.mail import worker
from desk_intake.mail.model import MailRecord

log = get_logger()

IDENT = "Experience Desk"
_LATER = "451 4.3.0 The desk cannot take this now; send it again later"
# What is left when nobody says anything is closed: SMTP's own advice is five minutes.
_IDLE_SECONDS = 300
# RFC 5321 asks for a hundred recipients, and mail to the desk has one or two.
_MOST_RECIPIENTS = 100


@dataclass(frozen=True, slots=True)
class SmtpWay:
    """Where mail is taken, and how much of it."""

    host: str
    port: int
    mail_bytes: int
    connections: int
    tls: ssl.SSLContext | None = None


class SmtpReceiver:
    """Listens as long as it is open; what was begun is finished before it closes."""

    def __init__(self, desk: worker.MailDesk, way: SmtpWay) -> None:
        self._handler, self._way = _Handler(desk), way
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "SmtpReceiver":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, self._way.host, self._way.port)
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._server is not None:
            self._server.close()
        if self._handler.at_work:
            await asyncio.wait(self._handler.at_work)

    def _connect(self) -> "_Connection":
        return _Connection(
            self._handler,
            self._way.connections,
            data_size_limit=self._way.mail_bytes,
            enable_SMTPUTF8=True,
            decode_data=False,
            ident=IDENT,
            hostname="desk",
            timeout=_IDLE_SECONDS,
            tls_context=self._way.tls,
            loop=asyncio.get_running_loop(),
        )


class _Connection(SMTP):
    """aiosmtpd's connection, of which there are only so many at once."""

    def __init__(self, handler: "_Handler", most: int, **options: Any) -> None:
        super().__init__(handler, **options)
        self._handler, self._most = handler, most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._handler.connections += 1
        if self._handler.connections > self._most and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 Too many connections; come back later\r\n")
            transport.close()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._handler.connections -= 1
        super().connection_lost(error)


class _Handler:
    """What the desk answers to each step; the names are aiosmtpd's."""

    def __init__(self, desk: worker.MailDesk) -> None:
        self._desk = desk
        self.connections = 0
        self.at_work = set[asyncio.Task[Any]]()

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Only the charter's mailboxes, so that nobody relays through the desk."""
        if self._desk.mailbox_for(address) is None:
            return "550 5.1.1 There is no such mailbox at the desk"
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """The whole mail; who hangs up now does not stop what was begun."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = worker.Envelope(envelope.mail_from or "", tuple(envelope.rcpt_tos))

        async def take() -> MailRecord | Exception:
            return await attempt_value(self._desk.take(raw, mail))

        task = asyncio.create_task(take())
        self.at_work.add(task)
        task.add_done_callback(self.at_work.discard)
        taken = await asyncio.shield(task)
        if not isinstance(taken, Exception):
            return f"250 2.6.0 {taken.outcome.value} {taken.id}"
        return _explain(taken)

    async def handle_exception(self, error: Exception) -> str:
        """A bug of ours is no fault of the mail: its server keeps it."""
        log.error("mail_failed", exc_info=error)
        return _LATER


def _explain(error: Exception) -> str:
    if not isinstance(error, DeskError):
        log.error("mail_failed", exc_info=error)
        return _LATER
    if isinstance(error, Transient):
        log.warning("mail_put_off", code=error.kind, reason=error.message)
        return _LATER
    described = error.described
    sentence = catalogue("en").render(described) if described else error.message
    log.info("mail_refused", code=error.kind, reason=error.message)
    status = "550 5.7.1" if isinstance(error, Rejected) else "554 5.6.0"
    # A line of SMTP is ASCII, and 512 bytes at most.
    line = plain_line(sentence).encode("ascii", "replace").decode()[:400]
    return f"{status} {line} ({error.kind})"
