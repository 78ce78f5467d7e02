"""One person is one person: the canonical form of a person's id, whoever writes it however.

Addresses are compared without letter case, their domains as registered (`xn--…`). An id that is no
address (`A12345`, `CORP\\ivy`) stays as it is. What was written is kept where people read it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Annotated

import idna
from pydantic import AfterValidator, Field

from desk_shared.text.characters import without_invisible

LONGEST = 200
# What mail programs write around an address: `Ivy Park <ivy@corp.example>`, `mailto:ivy@…`.
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")
_SCHEME = re.compile(r"mailto:", re.IGNORECASE)
_BREAKS = re.compile(r"[\x09-\x0d\x1c-\x1f\x85\u2028\u2029]")


class NotAPerson(ValueError):
    """The text cannot be anybody's id; says why."""


@lru_cache(maxsize=16_384)
def canonical_person(written: str) -> str:
    """The one form by which a person is known; empty if nothing of it can be seen.

    Applying it twice changes nothing more.
    """
    seen = " ".join(without_invisible(written).split())
    address = unicodedata.normalize("NFKC", seen).strip()
    if "@" not in address:
        return seen
    if found := _NAMED.fullmatch(address):
        address = found[1].strip()
    address = _SCHEME.sub("", address, count=1) if _SCHEME.match(address) else address
    local, _, domain = address.rpartition("@")
    if not local or not domain or " " in domain or domain != domain.strip("@/"):
        return seen
    return f"{_folded(local)}@{_registered(domain)}"


def read_person(written: str) -> str:
    """The canonical form of what a caller sent; `NotAPerson` if it hides characters."""
    trimmed = written.strip()
    if not trimmed:
        raise NotAPerson("a person's id is missing; write their id or mail address")
    if without_invisible(trimmed) != trimmed or _BREAKS.search(trimmed):
        raise NotAPerson(
            "a person's id holds characters that nobody can see; type it anew instead of copying it"
        )
    person = canonical_person(trimmed)
    if len(person) > LONGEST:
        raise NotAPerson(f"a person's id has at most {LONGEST} characters")
    return person


def is_same_person(one: str, other: str) -> bool:
    """Whether two written ids are one person's."""
    return canonical_person(one) == canonical_person(other)


def written_if_other(written: str, person: str) -> str:
    """What was written, where it differs from the canonical form; else nothing."""
    shown = " ".join(without_invisible(written).split())
    return "" if shown == person else shown


def _folded(local: str) -> str:
    """Case folded and composed until nothing changes any more, as identifiers are (UAX 31)."""
    once = unicodedata.normalize("NFKC", local.casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _registered(domain: str) -> str:
    labels = re.split("[.\u3002\uff0e\uff61]", domain.rstrip(".\u3002\uff0e\uff61"))
    return ".".join(_label(label) for label in labels)


def _label(label: str) -> str:
    if label.isascii():
        return label.lower()
    try:
        return idna.encode(label, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        # Not to be registered (an emoji, a blank), and yet always the same one form.
        return f"xn--{_folded(label).encode('punycode').decode()}"


# In payloads: canonical wherever an event comes from, old logs too. An empty one stays empty.
PersonId = Annotated[str, AfterValidator(canonical_person)]
# In bodies and parameters of HTTP calls: what hides characters is refused.
PersonAsked = Annotated[str, Field(max_length=1_000), AfterValidator(read_person)]
