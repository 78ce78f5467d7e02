"""A mail as far as the desk reads it, and what it remembers of each."""

from datetime import datetime
from enum import StrEnum

from desk_contracts.frozen import Frozen
from desk_contracts.ids import derive_id
from desk_contracts.message import Message
from pydantic import Field


class MailKind(StrEnum):
    """Who wrote it: a person, or a machine that must never get an answer."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    LIST = "list"
    LOOP = "loop"


class SenderProof(StrEnum):
    """What our own mail server says of the sender's domain."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Enclosure(Frozen):
    """A file of a mail; `size` in bytes, as it was encoded for the way, `content` decoded."""

    name: str
    type: str
    size: int
    content: bytes = Field(default=b"", exclude=True, repr=False)


class Mail(Frozen):
    """What one mail says.

    `sender` is the canonical address of its From. `references` are the mails before it, the one it
    answers first. `digest` is of all that people read in it: two copies have the same one.
    """

    message_id: str
    sender: str
    sender_written: str
    recipients: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    language: str = ""
    list_id: str = ""
    kind: MailKind = MailKind.PERSON
    proof: SenderProof = SenderProof.UNKNOWN
    enclosures: tuple[Enclosure, ...] = ()
    digest: str

    @property
    def id(self) -> str:
        """By what it is known: its Message-ID, and what it says where it has none."""
        return id_of(self.message_id) if self.message_id else derive_id(self.digest, "mail")

    @property
    def other_id(self) -> str:
        """By what it is known if another mail used its Message-ID before."""
        return derive_id(f"{self.message_id}\n{self.digest}", "mail-of-reused-id")


def id_of(message_id: str) -> str:
    """The id of the mail with that Message-ID."""
    return derive_id(message_id, "mail-of-message-id")


class MailOutcome(StrEnum):
    """What became of a mail."""

    OPENED = "opened"
    COMMENTED = "commented"
    IGNORED = "ignored"


class MailRecord(Frozen):
    """What became of a mail: so that it is known when it comes again, and answers to it land."""

    id: str
    message_id: str
    sender: str
    subject: str
    outcome: MailOutcome
    kind: MailKind
    ticket: str = ""
    excerpt: str = ""
    why: Message | None = None
    digest: str
    at: datetime
