"""Tokens that name a ticket and that nobody else can make: whoever answers a mail shows one.

Pure. A token is the ticket's id and 80 bits of an HMAC of it, as 42 letters and digits that survive
any mail program, in either case. It fits behind a plus sign before the @ of an address (64 bytes).
"""

import base64
import hmac
import re
from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

_MAC_BYTES = 10
_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{42}(?![A-Za-z0-9])")
# Whoever writes a mail can put any number of them into it.
_MOST_TRIED = 50


def write_reply_token(secret: str, ticket: str) -> str:
    """The token of a ticket; empty for an id that is no UUID, as no ticket of the desk has."""
    try:
        id = UUID(ticket)
    except ValueError:
        return ""
    whole = id.bytes + _mac(secret, id)
    return base64.b32encode(whole).decode().rstrip("=").lower()


def read_reply_tokens(secret: str, text: str) -> Iterator[str]:
    """The tickets whose tokens stand in the text, in their order."""
    for _, match in zip(range(_MOST_TRIED), _TOKEN.finditer(text), strict=False):
        whole = base64.b32decode(match[0].upper() + "======")
        id = UUID(bytes=whole[:16])
        if hmac.compare_digest(whole[16:], _mac(secret, id)):
            yield str(id)


def _mac(secret: str, ticket: UUID) -> bytes:
    return hmac.new(secret.encode(), b"desk-reply\n" + ticket.bytes, sha256).digest()[:_MAC_BYTES]
