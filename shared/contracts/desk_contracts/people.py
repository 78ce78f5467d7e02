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

from desk_contracts.text.characters import VISIBLE, is_visible, without_invisible

# 64 of a mailbox, an at sign, 255 of a domain (RFC 5321); OpenID subjects have at most 255.
LONGEST = 320
_PLAIN = re.compile(r"[!#-;=?A-Z^-~]+@[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*")
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
    if _PLAIN.fullmatch(written) and not _SCHEME.match(written):
        return written.lower()
    seen = " ".join(without_invisible(written).split())
    # A sign on its own becomes a blank and a mark, perhaps after another blank.
    address = " ".join(unicodedata.normalize("NFKC", seen).split())
    if "@" not in address:
        return seen
    if named := _NAMED.fullmatch(address):
        address = named[1].strip()
    address = _SCHEME.sub("", address, count=1) if _SCHEME.match(address) else address
    local, _, domain = address.rpartition("@")
    if not local or not domain or " " in domain or domain != domain.strip("@/"):
        return seen
    labels = re.split("[.\u3002\uff0e\uff61]", domain.rstrip(".\u3002\uff0e\uff61"))
    return f"{_casefold(local)}@{'.'.join(map(_register, labels))}"


def check_written(written: str) -> str:
    """What a caller sent without blanks around it; `NotAPerson` if it names nobody for sure."""
    trimmed = written.strip()
    if not trimmed:
        raise NotAPerson("a person's id is missing; write their id or mail address")
    if without_invisible(trimmed) != trimmed or _BREAKS.search(trimmed):
        raise NotAPerson(
            "a person's id holds characters that nobody can see; type it anew instead of copying it"
        )
    check_known(trimmed)
    return trimmed


def check_known(written: str) -> str:
    """The same text; `NotAPerson` if nothing of it can be seen, or it is too long for an id."""
    person = canonical_person(written)
    if not person or not is_visible(person):
        raise NotAPerson("a person's id shows nothing; write their id or mail address")
    if len(person) > LONGEST:
        raise NotAPerson(f"a person's id has at most {LONGEST} characters")
    return written


def read_person(written: str) -> str:
    """The canonical form of what a caller sent; `NotAPerson` if it names nobody for sure."""
    return canonical_person(check_written(written))


def person_or(written: str, other: str) -> str:
    """The canonical form of what an old system kept, or the other where that is nobody's id."""
    person = canonical_person(written)
    return person if person and is_visible(person) and len(person) <= LONGEST else other


def is_same_person(person: str, other: str) -> bool:
    """Whether two written ids are one person's."""
    return canonical_person(person) == canonical_person(other)


def find_other_spelling(written: str, person: str) -> str:
    """What was written, where it differs from the canonical form; else nothing."""
    shown = " ".join(without_invisible(written).split())
    return "" if shown == person else shown


def _casefold(local: str) -> str:
    """Case folded and composed until nothing changes any more, as identifiers are (UAX 31)."""
    once = unicodedata.normalize("NFKC", local.casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _register(label: str) -> str:
    """A part of a domain as it is registered."""
    if label.isascii():
        return label.lower()
    try:
        return idna.encode(label, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        # Not to be registered (an emoji, a blank), and yet always the same one form.
        return f"xn--{_casefold(label).encode('punycode').decode()}"


@lru_cache(maxsize=16_384)
def _read_known(written: str) -> str:
    return canonical_person(check_known(written))


# In payloads: canonical wherever an event comes from, a log of old as well.
PersonId = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(_read_known)]
OptionalPerson = Annotated[str, AfterValidator(canonical_person)]
# As an outside system wrote it: intake makes the canonical form of it and keeps this for display.
PersonWritten = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(check_known)]
# In bodies and parameters of HTTP calls: what hides characters is refused.
# The refusal of an empty one is ours; the document says it like any other bound.
_IN_CALLS = Field(max_length=LONGEST, json_schema_extra={"minLength": 1, "pattern": VISIBLE})
PersonAsked = Annotated[str, _IN_CALLS, AfterValidator(read_person)]
PersonNamed = Annotated[str, _IN_CALLS, AfterValidator(check_written)]
