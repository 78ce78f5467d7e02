"""Stands before the mail server: lets through what may be mailed, and counts it durably."""

from collections.abc import Callable
from typing import Protocol

from desk_shared.bus import CommandQueue
from desk_shared.events.message import message
from desk_shared.kernel import Context, Decision

from desk_notify.domain.deliveries import MAIL, HeldBack, mail_id
from desk_notify.domain.directory import Directory
from desk_notify.domain.mailboxes import (
    Mailbox,
    MailRules,
    counted,
    is_of_team,
    mailbox_of,
    refusal,
)
from desk_notify.domain.model import Dispatch


class Gate(Protocol):
    """Says whether a delivery may leave; what may not is told with its reason."""

    async def held_back(self, dispatch: Dispatch, channel: str) -> HeldBack | None: ...


class MailGate:
    """The gate of mail. A team's own channels pass: a reviewed file names them."""

    def __init__(
        self, look: Callable[[], Directory], mailboxes: CommandQueue[Mailbox], rules: MailRules
    ) -> None:
        self._look = look
        self._mailboxes = mailboxes
        self._rules = rules

    async def held_back(self, dispatch: Dispatch, channel: str) -> HeldBack | None:
        """None if it may leave; it is counted then, before it does."""
        directory = self._look()
        if not channel.startswith(MAIL) or is_of_team(dispatch, channel, directory):
            return None
        if (why := refusal(channel, directory, self._rules)) is not None:
            return HeldBack(why)
        mail, is_full = mail_id(dispatch, channel), False

        def count(box: Mailbox | None, context: Context) -> Decision[Mailbox] | None:
            nonlocal is_full
            after = counted(box, mail, self._rules.per_hour, context.now)
            is_full = after is None
            return None if after is None or after == box else Decision(after)

        await self._mailboxes.change(mailbox_of(channel), count)
        if not is_full:
            return None
        most = self._rules.per_hour
        return HeldBack(message("delivery.mailbox-full", most=most))
