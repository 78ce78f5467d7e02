"""Which files are taken, told by their content; and what a ticket's log says of one.

Nothing is ever opened, unpacked or run here: a few bytes at fixed places say what a file is.
"""

import re
from typing import NamedTuple

import filetype  # type: ignore[import-untyped]  # it ships no types
from desk_contracts import Payload
from desk_contracts.errors import Forbidden, Invalid, Rejected
from desk_contracts.events.tickets import TicketAttached
from desk_contracts.message import message
from desk_contracts.text import is_visible
from desk_contracts.text.sinks import plain_line

from desk_intake.tickets.lifecycle import Actor, allow, sees_internal
from desk_intake.tickets.model import Ticket

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_ATTACHMENTS = 50
MAX_NAME = 200
_OFFICE = ("docx", "xlsx", "pptx", "odt", "ods", "odp")
TEXT = "text/plain"
_TEXTS = frozenset({"txt", "log", "csv", "json", "md", "xml", "yaml", "yml", "ini", "conf", "eml"})
_WORD = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
# What the content says it is, and the endings that say the same.
ALLOWED: dict[str, tuple[str, ...]] = {
    "image/png": ("png",),
    "image/apng": ("png", "apng"),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/bmp": ("bmp",),
    "image/heic": ("heic", "heif"),
    "video/mp4": ("mp4",),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "application/pdf": ("pdf",),
    f"{_WORD}.wordprocessingml.document": ("docx",),
    f"{_WORD}.spreadsheetml.sheet": ("xlsx",),
    f"{_WORD}.presentationml.presentation": ("pptx",),
    f"{_OPEN}.text": ("odt",),
    f"{_OPEN}.spreadsheet": ("ods",),
    f"{_OPEN}.presentation": ("odp",),
    # Office files whose parts lie in another order are told from other archives by nothing else.
    "application/zip": ("zip", *_OFFICE),
    "application/gzip": ("gz",),
}
ENDINGS = sorted({ending for endings in ALLOWED.values() for ending in endings} | _TEXTS)
# Tabs, line ends and the escapes that colour logs are text; other control characters are not.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class DisguisedFile(Invalid):
    """The content is not what the ending of the name says."""

    code = "disguised-file"

    def __init__(self, name: str) -> None:
        super().__init__(message("refused.file-disguised", name=name), name=name)


class CheckedFile(NamedTuple):
    """A file that is taken."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str


def check_name(name: str) -> str:
    """The name without blanks around it; `Invalid` if it is a path, hides something or is long."""
    trimmed = name.strip()
    is_path = "/" in trimmed or "\\" in trimmed or trimmed.startswith(".")
    is_plain = is_visible(trimmed) and plain_line(trimmed) == trimmed
    if is_path or not is_plain or len(trimmed) > MAX_NAME:
        raise Invalid(message("refused.file-name", most=MAX_NAME), code="bad-file-name")
    return trimmed


def read_media_type(name: str, content: bytes) -> str:
    """What the content is. `Invalid` if it is empty, nothing that is taken, or its name lies."""
    if not content:
        raise Invalid(message("refused.file-empty"), code="empty-file")
    ending = name.rpartition(".")[2].casefold()
    if ending in _TEXTS:
        if _is_text(content):
            return TEXT
        raise DisguisedFile(name)
    media_type = str(filetype.guess_mime(content) or "")
    if media_type not in ALLOWED:
        raise Invalid(
            message("refused.file-kind", name=name, allowed=ENDINGS),
            code="file-kind-not-allowed",
            allowed=ENDINGS,
        )
    if ending not in ALLOWED[media_type]:
        raise DisguisedFile(name)
    return media_type


def attach(
    ticket: Ticket, actor: Actor, file: CheckedFile, dataref: str, *, public: bool
) -> list[Payload]:
    """Somebody adds a file; where its bytes are is all that the log says of them."""
    check_may_attach(ticket, actor, public=public)
    role = actor.role_on(ticket)
    return [
        TicketAttached(
            attachment=file.id,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            dataref=dataref,
            by=actor.id,
            role=role,
            public=public,
        )
    ]


def check_may_attach(ticket: Ticket, actor: Actor, *, public: bool) -> None:
    """Refuse before the bytes are kept what would be refused after it."""
    allow(ticket, "attached")
    if not public and not sees_internal(ticket, actor):
        raise Forbidden(message("refused.internal-comment"))
    if len(ticket.attachments) >= MAX_ATTACHMENTS:
        raise Rejected(
            message("refused.too-many-files", code=ticket.code, most=MAX_ATTACHMENTS),
            code="too-many-files",
            most=MAX_ATTACHMENTS,
        )


def _is_text(content: bytes) -> bool:
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if is_utf16 else "utf-8")
    except UnicodeDecodeError:
        return False
    return not _NO_TEXT.search(text)
