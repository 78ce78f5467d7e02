"""What a mail means: who speaks, which tickets it may be about, and what happens on one. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    Role,
    State,
    TicketOpened,
)
from desk_contracts.message import message
from desk_contracts.people import canonical_person, find_other_spelling
from desk_contracts.reply_tokens import read_reply_tokens
from desk_contracts.text import as_line, is_visible

from desk_intake.mail.charter import MailAccount
from desk_intake.mail.files import MailFiles, attach_files
from desk_intake.mail.model import Mail, MailKind, SenderProof
from desk_intake.mail.plain_text import drop_quotations
from desk_intake.tickets.evidence import cut
from desk_intake.tickets.lifecycle import Actor, allow, comment, may_read
from desk_intake.tickets.model import Ticket

LONGEST_TITLE = 300
# A clock that is a week behind is wrong; a mail that waited so long was written then.
_OLDEST = timedelta(days=7)
_CODE = re.compile(r"(?<![A-Z0-9-])([0-9A-Z]{4}-[0-9A-Z]{4})(?![A-Z0-9-])")
_THREAD = re.compile(r"^<thread-([0-9a-f-]{36})@")
_MOST_CODES = 5  # desk-skip: mutate one more or less bounds as well


@dataclass(frozen=True, slots=True)
class Claims:
    """The tickets that a mail may answer, the likeliest first.

    `proven` come from tokens that only the desk can make. The rest can be guessed, so they count
    only for those whose ticket it is: `tickets` by id, `codes`, and `mails` that it answers.
    """

    proven: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()


def mailbox_of(mailboxes: Sequence[MailAccount], recipients: Sequence[str]) -> MailAccount | None:
    """The first mailbox that the mail is for; what stands after a '+' is no part of its name."""
    by_address = {canonical_person(item.address): item for item in mailboxes}
    for recipient in recipients:
        mailbox = by_address.get(without_tag(canonical_person(recipient)))
        if mailbox is not None:
            return mailbox
    return None


def without_tag(address: str) -> str:
    """The address without what stands between a '+' and its @."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def is_for_people(mail: Mail, mailbox: MailAccount) -> bool:
    """Whether a person wrote it: to the desk, or to a list that is a way to the desk."""
    if mail.kind is MailKind.LIST:
        return mail.list_id in {item.lower() for item in mailbox.lists}
    return mail.kind is MailKind.PERSON


def check_sender(mail: Mail, mailbox: MailAccount) -> None:
    """`Forbidden` if their domain may not write here, or says that this is not theirs."""
    address = canonical_person(mail.sender)
    if mail.proof is SenderProof.FAILED:
        raise Forbidden(message("mailbox.not-authentic", sender=address), code="mail-not-authentic")
    is_known = any(canonical_person(item.address) == address for item in mailbox.speakers)
    if not is_known and not mailbox.admits(address.rpartition("@")[2]):
        why = message("mailbox.not-admitted", mailbox=mailbox.address, sender=address)
        raise Forbidden(why, code="mail-not-admitted")


def find_claims(mail: Mail, secret: str | None) -> Claims:
    """Where the mail says that it belongs: in its addresses, its headers and its subject."""
    lines = (*mail.recipients, *mail.references, mail.subject)
    proven = read_reply_tokens(secret, "\n".join(lines)) if secret else ()
    threads = (_THREAD.match(item) for item in mail.references)
    codes = _CODE.findall(mail.subject.upper())[:_MOST_CODES]
    return Claims(
        tuple(dict.fromkeys(proven)),
        tuple(dict.fromkeys(match[1] for match in threads if match)),
        tuple(codes),
        mail.references,
    )


def choose_speaker(ticket: Ticket, speakers: Sequence[Actor], *, is_proven: bool) -> Actor | None:
    """As whom the sender speaks on that ticket; None if it is not theirs to speak on.

    `speakers` are who the sender is: the person, and a member of the desk if that is authentic.
    """
    person = speakers[0]
    if ticket.requester == person.id:
        return person
    member = next((item for item in speakers if item.is_staff and may_read(ticket, item)), None)
    return member or (person if is_proven else None)


def answer_on(ticket: Ticket, speaker: Actor, mail: Mail, files: MailFiles) -> list[Payload]:
    """The mail's own words as a comment, and its files; `Rejected` where the ticket takes none any
    more."""
    text = cut(drop_quotations(mail.text)) or cut(mail.subject)
    if mail.enclosures:
        allow(ticket, "attached")
    role = speaker.role_on(ticket)
    attached = attach_files(files, ticket.id, speaker, role, ticket)
    if not is_visible(text) and mail.enclosures:
        return attached
    return [*comment(ticket, speaker, _visible(text), public=True), *attached]


@dataclass(frozen=True, slots=True)
class Opening:
    """The ticket that a mail opens: its id, who asks, when, and the code of one that it follows."""

    ticket: str
    person: Actor
    now: datetime
    follows: str = ""


def open_for(
    mail: Mail, mailbox: MailAccount, opening: Opening, files: MailFiles
) -> Callable[[str], list[Payload]]:
    """A ticket of the whole mail and its files, with whatever code it gets."""
    person, now, follows = opening.person.id, opening.now, opening.follows
    title = mail.subject if is_visible(mail.subject) else mail.text.strip().split("\n")[0]
    if not is_visible(title) and mail.enclosures:
        title = mail.enclosures[0].name
    title = _visible(as_line(" ".join(title.split()))[:LONGEST_TITLE])
    sent = mail.sent_at
    attributes = {"mailbox": mailbox.name} | ({"follows": follows} if follows else {})

    def build(code: str) -> list[Payload]:
        opened = TicketOpened(
            code=code,
            kind=Kind.INCIDENT,
            title=title,
            description=cut(mail.text),
            requester=person,
            requester_written=find_other_spelling(mail.sender_written, person),
            channel=Channel.MAIL,
            service=mailbox.service or "",
            language=mail.language if len(mail.language) >= 2 else mailbox.language,
            requested_at=sent if sent is not None and now - _OLDEST <= sent <= now else None,
            attributes=attributes,
        )
        attached = attach_files(files, opening.ticket, opening.person, Role.EMPLOYEE)
        return [opened, *attached]

    return build


def goes_on_in(ticket: Ticket) -> str:
    """The ticket in which a merged one goes on; empty if it is not merged."""
    return ticket.merged_into if ticket.state is State.MERGED else ""


def _visible(text: str) -> str:
    if not is_visible(text):
        raise Rejected(message("mailbox.empty"), code="mail-empty")
    return text
