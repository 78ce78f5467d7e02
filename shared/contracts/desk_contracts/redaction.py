"""Takes one person, and what was written in their tickets, out of any JSON that the desk keeps.

Pure. A person is recognised by a keyed hash, so whoever asks for the erasure need not name them.
Fields are recognised by name: a test sorts every text field of every event and stored model.
"""

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from desk_contracts.people import LONGEST, canonical_person

ERASED = "[erased]"
# What people wrote. Inside what belongs to an erased person these are replaced wherever they are.
TEXTS = frozenset({
    "account", "body", "cause", "comment", "description", "excerpt", "login", "mail",
    "meaning", "notice", "query", "question", "reason", "requester_written", "summary", "tell",
    "text", "title", "token", "words",
})  # fmt: skip
# Parameters of messages that quote people; others name teams, moments and figures.
QUOTED = frozenset({
    "address", "answer", "body", "detail", "examples", "name", "notice", "queries", "query",
    "question", "reason", "request", "sender", "sentence", "subject", "summary", "text", "title",
    "what", "why", "word", "words",
})  # fmt: skip
# Forms that somebody filled in, and what else came with a request: names and values.
FORMS = frozenset({"answers", "attributes"})
# Who stands here owns all that stands beside and below it.
OWNERS = ("requester", "recipient", "sender", "account")
# Roles of people, in events; lines of a ticket's timeline that quote somebody.
_SPEAKING = frozenset({"employee", "member"})
_LINES_OF_PEOPLE = frozenset({"commented", "attached", "reopened", "person-requested"})
_TOKEN = re.compile(r"(?:\bperson:[0-9]+\.)?[^\s<>\"'(),;:|/=\[\]{}]+")
# Keys of what metrics counts for each person, in which the id is behind a span of time.
_KEYED = re.compile(r"person:[0-9]+\.")
_NO_DIGEST = "0" * 64
_MOST_CLEAN = 200_000

Json = object


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to go: texts of some tickets, and a person as they were up to a moment."""

    id: str
    at: datetime
    person: str = ""
    pseudonym: str = ""
    tickets: frozenset[str] = frozenset()
    # Tickets of others in which the person wrote: what was told of them quotes it.
    quoting: frozenset[str] = frozenset()


def hash_person(key: bytes, person: str) -> str:
    """A person's keyed hash, whoever writes their id however."""
    return _hash(key, canonical_person(person))


def name_pseudonym(key: bytes, person_hash: str, erasure: str) -> str:
    """What stands for a person: the same on every replay, another one for each erasure."""
    return f"erased-{_hash(key, f'{person_hash}/{erasure}')[:20]}"


@lru_cache(maxsize=65_536)
def _hash(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(errors="surrogatepass"), "sha256").hex()[:40]


class Redactor:
    """Applies erasures to JSON values."""

    def __init__(self, key: bytes, erasures: Iterable[Erasure]) -> None:
        self._key = key
        self._people: dict[str, list[Erasure]] = {}
        self.tickets: frozenset[str] = frozenset()
        self._quoting: frozenset[str] = frozenset()
        # Short texts without anybody: names of fields and of things come again and again.
        self._clean: set[str] = set()
        for erasure in sorted(erasures, key=lambda item: item.at):
            self.tickets |= erasure.tickets
            self._quoting |= erasure.quoting
            if erasure.person:
                self._people.setdefault(erasure.person, []).append(erasure)

    def pseudonym_of(self, text: str, at: datetime | None = None) -> str:
        """What stands for the person whose id this is; nothing if they are not erased, or what
        was said at that moment came later."""
        if not self._people or not text or len(text) > LONGEST:
            return ""
        for erasure in self._people.get(hash_person(self._key, text), ()):
            if at is None or at <= erasure.at:
                return erasure.pseudonym
        return ""

    def mask(self, text: str, at: datetime | None = None) -> str:
        """The text with the ids of erased people replaced."""
        if not self._people or text in self._clean:
            return text
        masked = self._mask(text, None)
        if masked != text:
            return masked if at is None else self._mask(text, at)
        if len(self._clean) < _MOST_CLEAN and len(text) <= LONGEST:
            self._clean.add(text)
        return text

    def _mask(self, text: str, at: datetime | None) -> str:
        if whole := self.pseudonym_of(text, at):
            return whole

        def replace(match: re.Match[str]) -> str:
            token = match[0]
            keyed = _KEYED.match(token)
            before = keyed[0] if keyed else ""
            name = token[len(before) :].rstrip(".!?")
            stand_in = self.pseudonym_of(name, at)
            return before + stand_in + token[len(before + name) :] if stand_in else token

        return _TOKEN.sub(replace, text)

    def redact(self, value: Json, at: datetime | None = None, *, is_own: bool = False) -> Json:
        """The value with all of it gone; `is_own` if the whole belongs to an erased person."""
        return self._redact(value, "", is_own, at)

    def list_mentions(self, value: Json, *, is_own: bool = False) -> Iterator[Json]:
        """The parts that are about these people: each the innermost that says so, or all that
        belongs to them."""
        if isinstance(value, list):
            for item in value:
                yield from self.list_mentions(item)
        elif isinstance(value, dict):
            if is_own or self._is_owned(value, None) or self._mentions(value):
                yield value
                return
            for item in value.values():
                yield from self.list_mentions(item)

    def _mentions(self, value: Mapping[str, Json]) -> bool:
        plain = {name: item for name, item in value.items() if not isinstance(item, dict)}
        listed = {
            name: [part for part in item if isinstance(part, str)]
            if isinstance(item, list)
            else item
            for name, item in plain.items()
        }
        return self._redact(listed, "", False, None) != listed

    def _redact(self, value: Json, name: str, is_own: bool, at: datetime | None) -> Json:
        match value:
            case str():
                return ERASED if is_own and value and name in TEXTS else self.mask(value, at)
            case list() if is_own and name == "words":
                return []
            case list():
                return [self._redact(item, name, is_own, at) for item in value]
            case dict():
                return self._redact_object(value, name, is_own or self._is_owned(value, at), at)
            case _:
                return value

    def owns_ticket(self, ticket: Json) -> bool:
        """Whether it is one of the tickets that are erased."""
        return isinstance(ticket, str) and ticket in self.tickets

    def _redact_object(
        self,
        value: Mapping[str, Json],
        name: str,
        is_own: bool,
        at: datetime | None,
    ) -> Json:
        if self.owns_ticket(value.get("ticket")):
            # What is told of such a ticket was meant, whenever it was told.
            at = None
        if is_own and name in FORMS:
            return {}
        if is_own and name == "params":
            return {key: self._redact_parameter(key, item, at) for key, item in value.items()}
        redacted = {
            self.mask(key, at): self._redact(item, key, is_own, at) for key, item in value.items()
        }
        if is_own and "sha256" in value:
            redacted |= {"name": ERASED, "sha256": _NO_DIGEST}
        if is_own and "sender" in value and "subject" in value:
            redacted["subject"] = ERASED
        if is_own and redacted.get("outcome") and ("follow_up" in value or "done_by" in value):
            redacted["outcome"] = ERASED
        return redacted

    def _redact_parameter(self, name: str, value: Json, at: datetime | None) -> Json:
        if name in QUOTED and isinstance(value, str) and value:
            return ERASED
        if name in QUOTED and isinstance(value, list):
            return [self._redact_parameter(name, item, at) for item in value]
        return self._redact(value, name, True, at)

    def _is_owned(self, value: Mapping[str, Json], at: datetime | None) -> bool:
        ticket = value.get("ticket")
        if self.owns_ticket(ticket):
            return True
        if "body" in value and isinstance(ticket, str) and ticket in self._quoting:
            return True
        names = [*OWNERS]
        # What somebody said in a ticket. What they did there as a member of the desk is the desk's.
        if value.get("role") in _SPEAKING or "feedback" in value or "sha256" in value:
            names.append("by")
        if value.get("what") in _LINES_OF_PEOPLE:
            names.append("who")
        if "login" in value:
            names.append("person")
        return any(
            isinstance(who := value.get(name), str) and self.pseudonym_of(who, at) for name in names
        )


def list_files(value: Json) -> Iterator[str]:
    """Ids of the attachments that a document describes."""
    if isinstance(value, list):
        for item in value:
            yield from list_files(item)
    elif isinstance(value, dict):
        if "sha256" in value and isinstance(id := value.get("id", value.get("attachment")), str):
            yield id
        for item in value.values():
            yield from list_files(item)


def list_erased_files(value: Json) -> Iterator[str]:
    """Ids of those whose description was erased."""
    if isinstance(value, list):
        for item in value:
            yield from list_erased_files(item)
    elif isinstance(value, dict):
        if value.get("sha256") == _NO_DIGEST:
            yield from list_files({**value})
        for item in value.values():
            yield from list_erased_files(item)
