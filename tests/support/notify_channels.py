"""Channels for tests: one that answers what it is told to, and mailboxes of a real mail server."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session
from desk_contracts.errors import DependencyDown
from desk_notify.deliveries.decide import Outcome, Sent
from desk_notify.deliveries.model import Dispatch


@dataclass
class FakeChannel:
    """A channel that answers what it is told to, the last answer again and again."""

    answers: list[Outcome] = field(default_factory=lambda: [Sent()])
    sent: list[str] = field(default_factory=list)
    is_down: bool = False
    is_closed: bool = False
    # So often it can be opened.
    opens: int = 1_000

    async def open(self) -> None:
        self.opens -= 1
        if self.is_down or self.opens < 0:
            raise DependencyDown("the mail server is away", dependency="smtp")

    async def send(self, dispatch: Dispatch, channel: str) -> Outcome:
        self.sent.append(f"{dispatch.message} {channel}")
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None:
        self.is_closed = True


class Mailbox:
    """A mail server's handler that keeps what it accepts, or says no as often as told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.ids: list[str] = []
        self.refusals: list[str] = []

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.ids.append(str(mail["Message-ID"]))
        return "250 kept"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


class Choosy(Mailbox):
    """A mailbox that knows whom it serves, and can fall silent in the middle of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted = "net@desk.example"
        self.says = "550 no such user"
        self.is_cut_off = False
        self.is_slow = False
        self.is_asked = False
        self.sessions: list[int] = []

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self,
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if id(session) not in self.sessions:
            self.sessions.append(id(session))
        if address != self.accepted:
            return self.says
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.is_asked = True
        if self.is_slow:
            await asyncio.Event().wait()
        answer = await super().handle_DATA(server, session, envelope)
        if self.is_cut_off:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer
