"""Takes one mail: when `take` returns it is safe in the store, once however often it comes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from desk_contracts import Payload
from desk_contracts.errors import KeyReused, NotFound, Rejected
from desk_contracts.message import Message, message
from desk_kernel import Context, Decision
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.rates import Buckets
from desk_platform.http.refusals import TooManyRequests
from desk_platform.http.tickets import find_ticket
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents, Stored
from desk_platform.telemetry import get_logger
from pydantic import SecretStr

from desk_intake.mail.charter import MAILBOXES, MailAccount
from desk_intake.mail.decide import (
    Claims,
    Opening,
    answer_on,
    check_sender,
    choose_speaker,
    find_claims,
    goes_on_in,
    is_for_people,
    mailbox_of,
    open_for,
)
from desk_intake.mail.files import check_files
from desk_intake.mail.model import Mail, MailOutcome, MailRecord, SenderProof, id_of
from desk_intake.mail.reading import read_mail
from desk_intake.tickets.api.calls import Origin, change_once, open_once, ticket_of_call
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket

log = get_logger()

# A person at a keyboard writes less; a machine that answers itself writes more.
MAILS_AT_ONCE, SECONDS_FOR_ANOTHER = 60, 30
# Merges into merges are a circle by then.
_MOST_MERGES = 10
_LONGEST_EXCERPT = 2_000


class MailChanges(Protocol):
    """The way to write down what became of a mail; answers when it is safe in the store."""

    async def change(
        self, id: str, rule: Rule[MailRecord], *, is_first: bool = False
    ) -> Stored[MailRecord]: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the mail server said beside the mail; `sender` is None where there was none."""

    sender: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Target:
    """A ticket that a mail may answer, and whether a token proves it."""

    ticket: Ticket
    is_proven: bool


@dataclass(frozen=True, slots=True)
class MailDesk:
    """Where all mail goes, however it comes."""

    tickets: TicketDeps
    mails: Documents[MailRecord]
    changes: MailChanges
    secret: SecretStr | None
    authserv_id: str
    rates: Buckets = field(
        default_factory=lambda: Buckets("sender", 1 / SECONDS_FOR_ANOTHER, MAILS_AT_ONCE)
    )

    def mailbox_for(self, *recipients: str) -> MailAccount | None:
        """The mailbox of the charter that one of these addresses is."""
        return mailbox_of(self.tickets.charter().of(MAILBOXES), recipients)

    async def take(self, raw: bytes, envelope: Envelope) -> MailRecord:
        """What became of the mail. `Invalid` or `Rejected` if it can never be taken, `Transient` if
        it may be taken later; nothing was done then."""
        mailboxes = self.tickets.charter().of(MAILBOXES)
        mail = await asyncio.to_thread(
            read_mail,
            raw,
            envelope.sender,
            envelope.recipients,
            self.authserv_id,
            frozenset(item.address.lower() for item in mailboxes),
        )
        mailbox = mailbox_of(mailboxes, mail.recipients)
        if mailbox is None:
            raise NotFound(message("mailbox.unknown"), code="no-such-mailbox")
        loaded = await self.mails.load([mail.id, mail.other_id])
        for id in (mail.id, mail.other_id):
            earlier = loaded[id].read() if id in loaded else None
            if earlier is not None and earlier.digest == mail.digest:
                return earlier
        id = mail.id if mail.id not in loaded else mail.other_id
        if not is_for_people(mail, mailbox):
            why = message("mailbox.ignored", kind=mail.kind)
            return await self._note(id, mail, MailOutcome.IGNORED, why=why)
        check_sender(mail, mailbox)
        allowance = self.rates.take(mail.sender)
        if allowance.wait:
            raise TooManyRequests(message("mailbox.too-many"), retry_after=allowance.wait)
        try:
            outcome, ticket = await self._carry_out(id, mail, mailbox)
        except KeyReused:  # another mail came with this id since we looked
            id = mail.other_id
            outcome, ticket = await self._carry_out(id, mail, mailbox)
        return await self._note(id, mail, outcome, ticket=ticket.id)

    async def _carry_out(
        self, id: str, mail: Mail, mailbox: MailAccount
    ) -> tuple[MailOutcome, Ticket]:
        """On the ticket that it answers, else on one of its own."""
        call, origin = IdempotentCall(id, mail.digest), Origin(id)
        speakers, follows = self._speakers(mail, mailbox), ""
        secret = self.secret.get_secret_value() if self.secret else None
        targets = await self._targets(find_claims(mail, secret))
        # The bytes first, then the events that refer to them; the same again where they are.
        files = await asyncio.to_thread(check_files, mail.enclosures, id)
        tickets = [*(target.ticket.id for target in targets), ticket_of_call(call)]
        for item in files.taken:
            await self.tickets.uploads.put(item.file.id, item.content, tickets)
        for target in targets:
            speaker = choose_speaker(target.ticket, speakers, is_proven=target.is_proven)
            if speaker is None:
                continue

            def answer(ticket: Ticket, _: Context, speaker: Actor = speaker) -> Sequence[Payload]:
                return answer_on(ticket, speaker, mail, files)

            try:
                changed = await change_once(self.tickets, target.ticket.id, call, origin, answer)
            except KeyReused:
                raise
            except Rejected as refused:
                if refused.kind == "mail-empty":
                    raise
                # It takes no more answers: a new ticket that names it loses nothing.
                follows = follows or target.ticket.code
                continue
            return MailOutcome.COMMENTED, changed
        now = self.tickets.clock.now()
        opening = Opening(ticket_of_call(call), speakers[0], now, follows)
        build = open_for(mail, mailbox, opening, files)
        opened, _ = await open_once(self.tickets, call, origin, build)
        return MailOutcome.OPENED, opened

    def _speakers(self, mail: Mail, mailbox: MailAccount) -> tuple[Actor, ...]:
        """Who the sender is: a person; and a member of the desk, if our own server vouches for the
        address and the charter has it."""
        person = Actor(mailbox.person_of(mail.sender), is_staff=False)
        if mail.proof is not SenderProof.PASSED:
            return (person,)
        charter = self.tickets.charter()
        members = (
            Actor(member.id, True, team.name, charter.sight_of(team.name, sees_all=False))
            for team in charter.teams
            for member in team.members
            if member.mail and member.mail.lower() == mail.sender
        )
        return (person, *members)

    async def _targets(self, claims: Claims) -> list[_Target]:
        """The tickets that there are of those that it may answer."""
        records = await self.mails.load([id_of(item) for item in claims.mails])
        answered = [record.ticket for stored in records.values() if (record := stored.read())]
        guessed = (*claims.tickets, *filter(None, answered), *claims.codes)
        targets = list[_Target]()
        for ref in dict.fromkeys((*claims.proven, *guessed)):
            ticket = await self._find(ref)
            if ticket is not None:
                targets.append(_Target(ticket, ref in claims.proven))
        return targets

    async def _find(self, ref: str) -> Ticket | None:
        """The ticket, or the one that it goes on in."""
        for _ in range(_MOST_MERGES):
            stored = await find_ticket(self.tickets.tickets, ref)
            ticket = stored.read() if stored else None
            if ticket is None or not (ref := goes_on_in(ticket)):
                return ticket
        return None

    async def _note(
        self,
        id: str,
        mail: Mail,
        outcome: MailOutcome,
        *,
        ticket: str = "",
        why: Message | None = None,
    ) -> MailRecord:
        """Written down last: until then the same mail does the same again, which is nothing."""
        is_ignored = outcome is MailOutcome.IGNORED
        record = MailRecord(
            id=id,
            message_id=mail.message_id,
            sender=mail.sender,
            subject=mail.subject,
            outcome=outcome,
            kind=mail.kind,
            ticket=ticket,
            excerpt=mail.text[:_LONGEST_EXCERPT] if is_ignored else "",
            why=why,
            digest=mail.digest,
            at=self.tickets.clock.now(),
        )
        await self.changes.change(id, partial(_keep_first, record), is_first=True)
        log.info("mail_taken", outcome=outcome.value, kind=mail.kind.value, ticket=ticket, mail=id)
        return record


def _keep_first(
    record: MailRecord, before: MailRecord | None, _context: Context
) -> Decision[MailRecord] | None:
    return Decision(record) if before is None else None
