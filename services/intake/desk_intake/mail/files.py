"""The files of a mail: those that are taken, by the same checks as uploads, and why others are not.

Pure: their bytes are put away by who calls, before anything refers to them.
"""

import hashlib
import mimetypes
from collections.abc import Sequence
from typing import NamedTuple

from desk_contracts import Payload
from desk_contracts.errors import Invalid
from desk_contracts.events.tickets import Role, TicketAttached, TicketCommented
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message, verbatim

from desk_intake.attachments.decide import (
    MAX_ATTACHMENTS,
    MAX_FILE_BYTES,
    CheckedFile,
    check_name,
    read_media_type,
)
from desk_intake.mail.model import Enclosure
from desk_intake.tickets.inbound import DESK
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket


class TakenFile(NamedTuple):
    """A file that is taken, and its bytes."""

    file: CheckedFile
    content: bytes


class MailFiles(NamedTuple):
    """What is taken of a mail's files, and what is not, with the reason of each."""

    taken: tuple[TakenFile, ...] = ()
    refused: tuple[Message, ...] = ()


def check_files(enclosures: Sequence[Enclosure], seed: str) -> MailFiles:
    """Every file of a mail, the same one once; `seed` is the mail's, however often it comes."""
    taken: dict[str, TakenFile] = {}
    refused = []
    for number, enclosure in enumerate(enclosures, 1):
        try:
            file = _check_file(enclosure, number, seed)
        except Invalid as error:
            refused.append(_refuse(enclosure.name, error.described or verbatim(str(error))))
        else:
            taken.setdefault(file.file.sha256, file)
    return MailFiles(tuple(taken.values()), tuple(refused))


def _check_file(enclosure: Enclosure, number: int, seed: str) -> TakenFile:
    name, content = enclosure.name, enclosure.content
    if len(content) > MAX_FILE_BYTES:
        most = MAX_FILE_BYTES // 2**20
        raise Invalid(message("mailbox.file-too-large", most=most), code="file-too-large")
    if name == enclosure.type:
        # Programs leave the names of pictures out: then it is called by what it says it is.
        is_mail = enclosure.type == "message/rfc822"
        ending = ".eml" if is_mail else mimetypes.guess_extension(enclosure.type) or ""
        name = f"file-{number}{ending}"
    name = check_name(name)
    media_type = read_media_type(name, content)
    sha256 = hashlib.sha256(content).hexdigest()
    id = derive_id(seed, f"enclosure/{sha256}")
    return TakenFile(CheckedFile(id, name, media_type, len(content), sha256), content)


def attach_files(
    files: MailFiles, ticket: str, by: Actor, role: Role, before: Ticket | None = None
) -> list[Payload]:
    """The files on a ticket, and a note of those that are not; what it has already comes once."""
    has = {item.sha256 for item in before.attachments} if before else set()
    new = [item.file for item in files.taken if item.file.sha256 not in has]
    room = MAX_ATTACHMENTS - len(has)
    full = message("mailbox.ticket-full", most=MAX_ATTACHMENTS)
    refused = [*files.refused, *(_refuse(file.name, full) for file in new[room:])]
    attached: list[Payload] = [
        TicketAttached(
            attachment=file.id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            dataref=f"/v1/tickets/{ticket}/attachments/{file.id}",
            by=by.id,
            role=role,
            public=True,
        )
        for file in new[:room]
    ]
    if refused:
        text = message("mailbox.files-not-kept", count=len(refused), files=refused)
        attached.append(TicketCommented(by=DESK, role=Role.SYSTEM, message=text, automatic=True))
    return attached


def _refuse(name: str, why: Message) -> Message:
    return message("mailbox.file", name=name, why=why)
