"""A mailbox that is looked into: one sender holds up nobody else's mail."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from desk_contracts.errors import Transient
from desk_contracts.message import message
from desk_intake.adapters.mailboxes.imap import ImapAccount, ImapPoll
from desk_intake.mail.worker import MailDesk
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http.refusals import TooManyRequests
from imapclient import SEEN, IMAPClient
from pydantic import SecretStr

ACCOUNT = ImapAccount("mail.example", 993, "desk", SecretStr("x"), 1_000)


class Mailbox:
    """What IMAP's client says of some mails, each a sender's name."""

    def __init__(self, *senders: str) -> None:
        self.mails = {number: sender.encode() for number, sender in enumerate(senders, start=1)}
        self.seen: list[int] = []

    def search(self, _criteria: list[str]) -> list[int]:
        return [number for number in self.mails if number not in self.seen]

    def fetch(self, numbers: list[int], _parts: list[str]) -> dict[int, dict[bytes, object]]:
        return {n: {b"BODY[]": self.mails[n], b"RFC822.SIZE": 1} for n in numbers}

    def add_flags(self, numbers: list[int], flags: list[bytes]) -> None:
        assert flags == [SEEN]
        self.seen += numbers


class BusyDesk:
    """Takes nothing more of one sender, and nothing of anybody while it is away."""

    def __init__(self) -> None:
        self.is_away = False

    async def take(self, raw: bytes, _envelope: object) -> None:
        if self.is_away:
            raise Transient("the store is away")
        if raw == b"loud":
            raise TooManyRequests(message("mailbox.too-many"), retry_after=30.0)


class Poll(ImapPoll):
    def __init__(self, desk: BusyDesk, mailbox: Mailbox) -> None:
        clock = FakeClock(datetime(2026, 3, 2, tzinfo=UTC))
        taker: Any = desk
        super().__init__(
            cast(MailDesk, taker), ACCOUNT, timedelta(seconds=30), clock, Health(clock)
        )
        self._mailbox = mailbox

    @contextmanager
    def _sign_in(self) -> Iterator[IMAPClient]:
        mailbox: Any = self._mailbox
        yield cast(IMAPClient, mailbox)


async def test_mails_behind_a_loud_sender_are_taken() -> None:
    mailbox = Mailbox(*["loud"] * 25, "ana", "loud", "ben")
    poll = Poll(BusyDesk(), mailbox)
    assert [await poll.look() for _ in range(4)] == [10, 10, 8, 0]
    assert mailbox.seen == [26, 28]


async def test_while_the_desk_is_away_nothing_is_passed_over() -> None:
    mailbox, desk = Mailbox("ana", "ben"), BusyDesk()
    desk.is_away = True
    poll = Poll(desk, mailbox)
    assert (await poll.look(), mailbox.seen) == (0, [])
    desk.is_away = False
    assert (await poll.look(), mailbox.seen) == (2, [1, 2])
