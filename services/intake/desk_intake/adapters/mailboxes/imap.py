"""Mail that is fetched: what is unread in a folder of its own, marked as read when it is safe.

A mail that can never be taken is marked as read and flagged, so that a person finds it; one that
may be taken later stays unread. Several replicas may look at once: a mail is taken once anyhow.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from desk_contracts.errors import DeskError, Transient
from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.http.refusals import TooManyRequests
from desk_platform.kafka.retry import attempt_value
from desk_platform.telemetry import get_logger
from imapclient import FLAGGED, SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError
from pydantic import SecretStr

from desk_intake.mail.worker import Envelope, MailDesk
from desk_intake.settings import LineSecurity

log = get_logger()

COMPONENT = "imap"
# So many mails are held in memory at once.
_AT_ONCE = 10
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Whose mailbox, where, and how much of it."""

    host: str
    port: int
    username: str
    password: SecretStr
    mail_bytes: int
    folder: str = "INBOX"
    security: LineSecurity = LineSecurity.TLS
    ca_file: Path | None = None


class ImapPoll:
    """Looks again and again. The client blocks, so each look is a thread's."""

    def __init__(
        self,
        desk: MailDesk,
        account: ImapAccount,
        interval: timedelta,
        clock: Clock,
        health: Health,
    ) -> None:
        self._desk, self._account, self._interval = desk, account, interval
        self._clock, self._health = clock, health
        # Of senders who wrote too much lately: nobody else's mail waits behind theirs.
        self._put_off: set[int] = set()

    async def run(self) -> None:
        """Until it is cancelled. A server that is away is asked again after the interval."""
        while True:
            try:
                taken = await self.look()
            except (IMAPClientError, OSError) as error:
                reason = f"{self._account.host}:{self._account.port} cannot be used: {error}"
                log.warning("mailbox_unreachable", reason=reason)
                self._health.mark(COMPONENT, State.DOWN, reason)
                taken = 0
            else:
                count = len(self._put_off)
                reason = f"{count} mails of senders who wrote too much are put off" if count else ""
                self._health.mark(COMPONENT, State.DEGRADED if count else State.READY, reason)
            if taken < _AT_ONCE:
                self._put_off.clear()
                await self._clock.sleep(self._interval)

    async def look(self) -> int:
        """How many of the mails that are unread now were settled or put off, of a few at once."""
        mails = await asyncio.to_thread(self._fetch)
        settled = 0
        for number, raw in mails:
            outcome: object = None
            if raw is not None:
                outcome = await attempt_value(self._desk.take(raw, Envelope()))
            is_refused = raw is None or isinstance(outcome, Exception)
            if isinstance(outcome, TooManyRequests):
                self._put_off.add(number)
                settled += 1
                continue
            if isinstance(outcome, Transient):
                log.warning("mail_put_off", reason=str(outcome))
                break
            if isinstance(outcome, DeskError):
                log.warning("mail_refused", code=outcome.kind, reason=outcome.message, uid=number)
            elif isinstance(outcome, Exception):  # our bug holds up one mail, and no other
                log.error("mail_failed", uid=number, exc_info=outcome)
            await asyncio.to_thread(partial(self._mark, number, is_refused=is_refused))
            settled += 1
        return settled

    def _fetch(self) -> list[tuple[int, bytes | None]]:
        """The next unread mails; None for one that is too large to be fetched."""
        with self._sign_in() as client:
            unseen = client.search(["UNSEEN", "NOT", "DELETED"])
            numbers = [number for number in unseen if number not in self._put_off][:_AT_ONCE]
            sizes = client.fetch(numbers, ["RFC822.SIZE"]) if numbers else {}
            return [(number, self._fetch_one(client, number, sizes)) for number in numbers]

    def _fetch_one(
        self, client: IMAPClient, number: int, sizes: dict[int, dict[bytes, object]]
    ) -> bytes | None:
        size = sizes.get(number, {}).get(b"RFC822.SIZE", 0)
        if isinstance(size, int) and size > self._account.mail_bytes:
            log.warning("mail_too_large", uid=number, bytes=size)
            return None
        raw = client.fetch([number], ["BODY.PEEK[]"])[number].get(b"BODY[]", b"")
        return raw if isinstance(raw, bytes) else b""

    def _mark(self, number: int, *, is_refused: bool) -> None:
        with self._sign_in() as client:
            client.add_flags([number], [SEEN, FLAGGED] if is_refused else [SEEN])

    @contextmanager
    def _sign_in(self) -> Iterator[IMAPClient]:
        account, context = self._account, None
        if account.security is not LineSecurity.NONE:
            context = ssl.create_default_context(cafile=account.ca_file)
        is_tls = account.security is LineSecurity.TLS
        with IMAPClient(
            account.host,
            port=account.port,
            ssl=is_tls,
            ssl_context=context if is_tls else None,
            timeout=_TIMEOUT_SECONDS,
        ) as client:
            if account.security is LineSecurity.STARTTLS:
                client.starttls(context)
            client.login(account.username, account.password.get_secret_value())
            client.select_folder(account.folder)
            yield client
