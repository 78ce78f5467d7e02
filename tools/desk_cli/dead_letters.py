"""Dead letters as people count them. Pure: the topics are read and written elsewhere.

One trouble is one letter, however often it came back: copies have the same origin, projection
and document. A letter is settled by a mark in its own topic, which names the copies that it
settles; a copy that comes later opens the letter again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from desk_contracts import Message
from desk_platform.kafka.records import (
    ATTEMPT,
    DOCUMENT,
    FAILED_AT,
    ORIGIN,
    PROJECTION,
    REASON,
    REASON_CODE,
    SETTLES,
    KafkaRecord,
)
from pydantic import BaseModel, ConfigDict, ValidationError

# More than a person reads of one letter; `--whole` shows all that there is.
SHOWN_CHARACTERS = 600
# So many copies are named by one mark, which stays far below what a topic takes.
MOST_MARKED = 1_000


class Settlement(BaseModel):
    """Who settled which copies of letters (as partition/offset), when, and what they say of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    records: tuple[str, ...]
    by: str
    at: datetime
    note: str = ""

    @property
    def sentence(self) -> str:
        note = f": {self.note}" if self.note else ""
        return f"by {self.by}, {self.at:%Y-%m-%d %H:%M} UTC{note}"


@dataclass(slots=True)  # not frozen: gathered record by record
class Letter:
    """One trouble: its copies, oldest first, and how it was settled, if it was."""

    topic: str
    copies: list[KafkaRecord] = field(default_factory=list)
    settlement: Settlement | None = None

    @property
    def newest(self) -> KafkaRecord:
        return self.copies[-1]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(map(place_of, self.copies))

    @property
    def reason_code(self) -> str:
        return header(self.newest, REASON_CODE)

    def lines(self, *, whole: bool = False) -> list[str]:
        """All that is known of it, for people; what others wrote is still to be made safe."""
        raw, seen = self.newest, len(self.copies)
        about = attributes_of(raw)
        times = f"{header(raw, ATTEMPT)}; came back {seen - 1} times" if seen > 1 else ""
        rows = {
            "why": header(raw, REASON),
            **{name: about.get(name, "") for name in ("id", "source", "type", "subject", "time")},
            "key": _text(raw.key),
            "read at": header(raw, ORIGIN),
            "for": " ".join(filter(None, (header(raw, PROJECTION), header(raw, DOCUMENT)))),
            "tries": times or header(raw, ATTEMPT),
            "since": header(raw, FAILED_AT),
            "value": _value(raw.value, whole=whole),
            "settled": self.settlement.sentence if self.settlement else "",
        }
        head = f"{place_of(raw)}  {self.reason_code}"
        return [head, *(f"  {name:<8} {text}" for name, text in rows.items() if text)]


def gather(records: Iterable[KafkaRecord]) -> list[Letter]:
    """The letters of any number of dead-letter topics, in the order they came."""
    letters: dict[tuple[str, ...], Letter] = {}
    settled: dict[tuple[str, str], Settlement] = {}
    for raw in records:
        mark = _settlement(raw)
        if mark is not None:
            settled |= {(raw.topic, place): mark for place in mark.records}
        elif not _is_mark(raw):
            origin = header(raw, ORIGIN) or place_of(raw)
            key = (raw.topic, origin, header(raw, PROJECTION), header(raw, DOCUMENT))
            letters.setdefault(key, Letter(raw.topic)).copies.append(raw)
    for letter in letters.values():
        marks = [settled.get((letter.topic, place)) for place in letter.places]
        given = [mark for mark in marks if mark is not None]
        if len(given) == len(marks):
            letter.settlement = max(given, key=lambda mark: mark.at)
    return list(letters.values())


def settlements(
    letters: Iterable[Letter], topic: str, by: str, at: datetime, note: str
) -> list[Message]:
    """The marks that these letters of one topic are settled; `topic` is without prefix."""
    places = [place for letter in letters for place in letter.places]
    marks = []
    for first in range(0, len(places), MOST_MARKED):
        chosen = tuple(places[first : first + MOST_MARKED])
        settlement = Settlement(records=chosen, by=by[:200], at=at, note=note[:1_000])
        value = settlement.model_dump_json().encode()
        # A key of its own: it says nothing of any subject, and must not be read as one's event.
        marks.append(Message(topic, b"settled", value, ((SETTLES, b"1"),)))
    return marks


def place_of(raw: KafkaRecord) -> str:
    """Where the letter itself stands in its topic."""
    return f"{raw.partition}/{raw.offset}"


def header(raw: KafkaRecord, name: str) -> str:
    """A header as text; empty if it is not there."""
    return _text(dict(raw.headers).get(name))


def attributes_of(raw: KafkaRecord) -> dict[str, str]:
    """The event's own attributes as far as they can be read, in whichever mode it was written."""
    attributes = {name[3:]: _text(text) for name, text in raw.headers if name.startswith("ce_")}
    if attributes:
        return attributes
    try:
        document = json.loads(raw.value or b"")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: text for name, text in document.items() if isinstance(text, str)}


def _is_mark(raw: KafkaRecord) -> bool:
    return SETTLES in dict(raw.headers)


def _settlement(raw: KafkaRecord) -> Settlement | None:
    if not _is_mark(raw):
        return None
    try:
        return Settlement.model_validate_json(raw.value or b"")
    except ValidationError:
        return None


def _value(value: bytes | None, *, whole: bool) -> str:
    if not value:
        return "(none)"
    text = " ".join(_text(value).split())
    if whole or len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]} … ({len(value)} bytes; --whole shows all)"


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")
