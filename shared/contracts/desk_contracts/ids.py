"""Identifiers: first causes get a UUIDv7 once, everything derived a UUIDv5 of its cause.

An event is known by its source and id together (CloudEvents): two monitors may both have a 17.

People read ticket codes aloud, so a code is Crockford base32 with a check character
(https://www.crockford.com/base32.html): no I, L, O, U; lower case and dashes are forgiven.
"""

import hashlib
from uuid import UUID

import uuid_utils

from desk_contracts.errors import Invalid

# The name space of every id that the desk derives; changing it would re-number history.
DESK = UUID("6f1c2a52-8f0e-5d3b-9a53-0d2c0b7f4e11")

# The standard library's UUIDv5 takes ten times as long, and every event has one.
_NAMESPACE = uuid_utils.UUID(str(DESK))

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK = _ALPHABET + "*~$=U"
_CODE_DIGITS = 7


def new_id() -> str:
    """A time-ordered UUIDv7 for a first cause; made once, before the first send."""
    return str(uuid_utils.uuid7())


def derive_id(cause: str, rule: str, ordinal: int = 0) -> str:
    """The same cause, rule and ordinal give the same UUIDv5 on every replay.

    The length in front keeps a cause apart from its rule, whatever line breaks either has.
    """
    return str(uuid_utils.uuid5(_NAMESPACE, f"{len(cause)}:{cause}\n{rule}\n{ordinal}"))


def identity(source: str, id: str) -> str:
    """What `id` of `source` is known by everywhere: in marks, derived ids and as a key.

    The id alone is only unique within its source, and two texts put together can be read in two
    ways, so the first one's length is part of it.
    """
    text = f"{len(source)}:{source}{id}".encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def request_ticket_id(source: str, id: str) -> str:
    """The ticket that a request of an outside system becomes: one, however often it comes."""
    return derive_id(identity(source, id), "ticket-of-request")


def ticket_code(ticket_id: str, attempt: int = 0) -> str:
    """A short code people can say: `K7M2-Q9PC`. `attempt` re-draws after a collision.

    35 bits: a million tickets collide pairwise about 15 times, which the unique index catches.
    """
    digest = hashlib.blake2b(f"{ticket_id}/{attempt}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest) % (32**_CODE_DIGITS)
    digits = ""
    rest = number
    for _ in range(_CODE_DIGITS):
        rest, digit = divmod(rest, 32)
        digits = _ALPHABET[digit] + digits
    text = digits + _CHECK[number % 37]
    return f"{text[:4]}-{text[4:]}"


def read_code(text: str) -> str:
    """The canonical form of a code as somebody typed it; `Invalid` if the check fails."""
    plain = text.strip().upper().replace("-", "").replace(" ", "")
    plain = plain.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(plain) != _CODE_DIGITS + 1 or any(c not in _ALPHABET for c in plain[:-1]):
        raise Invalid(f"'{text}' is not a ticket code; it looks like K7M2-Q9PC", code="bad-code")
    number = 0
    for character in plain[:-1]:
        number = number * 32 + _ALPHABET.index(character)
    if _CHECK[number % 37] != plain[-1]:
        raise Invalid(f"'{text}' has a typing mistake in it", code="mistyped-code")
    return f"{plain[:4]}-{plain[4:]}"
