"""Identifiers: first causes get a UUIDv7 once, everything derived a UUIDv5 of its cause.

An event is known by its source and id together (CloudEvents): two monitors may both have a 17.

People read ticket codes aloud, so a code is Crockford base32 with a check character
(https://www.crockford.com/base32.html): no I, L, O, U; lower case, dashes and blanks are forgiven.
Crockford's check is the number modulo 37, which needs five signs beside the 32. Only numbers
whose check is one of the 32 are used, so a code is letters and digits and fits into any address.
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
_CODE_DIGITS = 7
_CHECK_MODULUS = 37
# The numbers of seven digits that are used: of each 37 the first 32.
_CODES = 32**_CODE_DIGITS // _CHECK_MODULUS * len(_ALPHABET)


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
    """A short code people can say: `K7M2-Q9PG`. `attempt` re-draws after a collision.

    30 thousand million codes: a million tickets collide pairwise about 17 times, which the unique
    index catches.
    """
    digest = hashlib.blake2b(f"{ticket_id}/{attempt}".encode(), digest_size=8).digest()
    block, check = divmod(int.from_bytes(digest) % _CODES, len(_ALPHABET))
    digits = _ALPHABET[check]
    rest = block * _CHECK_MODULUS + check
    for _ in range(_CODE_DIGITS):
        rest, digit = divmod(rest, 32)
        digits = _ALPHABET[digit] + digits
    return f"{digits[:4]}-{digits[4:]}"


def read_code(text: str) -> str:
    """The canonical form of a code as somebody typed it; `Invalid` if the check fails."""
    plain = "".join(text.split()).upper().replace("-", "")
    plain = plain.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(plain) != _CODE_DIGITS + 1 or any(sign not in _ALPHABET for sign in plain):
        raise Invalid(f"'{text}' is not a ticket code; it looks like K7M2-Q9PG", code="bad-code")
    number = 0
    for sign in plain[:-1]:
        number = number * 32 + _ALPHABET.index(sign)
    if number % _CHECK_MODULUS != _ALPHABET.index(plain[-1]):
        raise Invalid(f"'{text}' has a typing mistake in it", code="mistyped-code")
    return f"{plain[:4]}-{plain[4:]}"


def read_ticket_ref(text: str) -> str:
    """A ticket as somebody typed it: its code in the canonical form, else its id.

    Case and blanks around are forgiven. `Invalid` for a code with a typing mistake.
    """
    signs = "".join(text.split()).replace("-", "")
    if len(signs) == _CODE_DIGITS + 1 and signs.isalnum():
        return read_code(text)
    return text.strip().lower()


def is_code(ref: str) -> bool:
    """Whether what `read_ticket_ref` gave is a code; else it is an id, in lower case."""
    return len(ref) == _CODE_DIGITS + 2 and ref == ref.upper()
