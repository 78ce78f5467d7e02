"""A mail address as a mail server takes it: read once, or refused in words that name the cause.

Pure. A domain beyond ASCII becomes its A-labels (IDNA 2008 by UTS 46), as mail servers know it.
What stands before the @ has no such form: beyond ASCII it needs a server that offers SMTPUTF8.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

import idna

from desk_contracts.errors import Invalid

MAILTO = "mailto:"
# RFC 5321, in bytes.
_MAX_LOCAL, _MAX_WHOLE = 64, 254
# RFC 5322's atoms; quoted local parts are not written by anybody and refused.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABELS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
# Separators, control, format, surrogates, private and unassigned: nobody sees or types them.
_UNSEEN = ("Z", "C")


class BadAddress(Invalid):
    """No mail can be written to this."""

    code = "bad-mail-address"


@dataclass(frozen=True, slots=True)
class MailAddress:
    """What stands before and after the @; the domain in ASCII and small letters."""

    local: str
    domain: str

    @property
    def is_ascii(self) -> bool:
        """Whether every mail server can take it."""
        return self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def read_address(text: str) -> MailAddress:
    """The address, or `BadAddress` with what is wrong with it."""
    shown = ascii(text[:80])
    if len(text) > _MAX_WHOLE:
        raise BadAddress(f"{shown} is longer than the {_MAX_WHOLE} bytes of a mail address")
    if text.count("@") != 1:
        raise BadAddress(f"{shown} is no mail address: one @ belongs into it")
    for sign in text:
        if unicodedata.category(sign)[0] in _UNSEEN:
            raise BadAddress(f"{shown} has U+{ord(sign):04X} in it, which cannot be seen")
    local, _, domain = text.partition("@")
    address = MailAddress(_local(unicodedata.normalize("NFC", local), shown), _domain(domain))
    if len(str(address).encode()) > _MAX_WHOLE:
        raise BadAddress(f"{shown} is longer than the {_MAX_WHOLE} bytes of a mail address")
    return address


def address_in(channel: str) -> str:
    """What a `mailto:` URL names, without the query that such a URL may have."""
    return unquote(channel.removeprefix(MAILTO).partition("?")[0])


def _local(text: str, shown: str) -> str:
    if not text:
        raise BadAddress(f"{shown} has nothing before its @")
    if len(text.encode()) > _MAX_LOCAL:
        raise BadAddress(f"{shown} has more than {_MAX_LOCAL} bytes before its @")
    # Letters beyond ASCII count as letters; the signs between them keep ASCII's rules.
    plain = "".join(sign if sign.isascii() else "x" for sign in text)
    if not _ATOMS.fullmatch(plain):
        raise BadAddress(f"{shown} has signs before its @ that no address has there")
    return text


def _domain(text: str) -> str:
    shown = ascii(text[:80])
    try:
        domain = idna.encode(text, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise BadAddress(f"{shown} is no domain: {error}") from error
    if not _LABELS.fullmatch(domain) or domain.rpartition(".")[2].isdigit():
        raise BadAddress(f"{shown} is no domain; write one like desk.example")
    return domain
