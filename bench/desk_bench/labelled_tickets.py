"""Tickets of any folder: CSV files, and histories that `desk import` wrote; plain or gzipped.

Columns are known by the names that exports give them. Only what a ticket has when it is opened is
read; what was written later (a solution, a closing code, a time) would tell the answer.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

TITLE = ("title", "subject", "summary", "short_description", "betreff", "titel")
TEXT = ("description", "body", "text", "document", "message", "content", "beschreibung")
TEAM = ("team", "queue", "assignment_group", "owner_group", "group", "topic_group", "label")
OPENED = ("opened_at", "created_at", "created", "opened", "created_date", "created_on")
# Read only to know which tickets teach at a moment, never as something that a ticket states.
FINISHED = ("resolved_at", "resolved", "closed_at", "closed")
TICKET = ("number", "ticket", "ticket_id", "id")
PART = ("part", "split")
# What a live ticket states, by the names of its fields.
STATED = {
    "service": ("service", "cmdb_ci"),
    "site": ("site", "location"),
    "device": ("device",),
    "requester": ("requester", "caller_id", "caller"),
    "kind": ("kind", "type", "ticket_type"),
    "channel": ("channel", "contact_type"),
    "impact": ("impact",),
    "urgency": ("urgency",),
    "symptom": ("symptom", "u_symptom"),
}
# A log of updates says in its first row what was chosen at the desk; elsewhere it is the outcome.
STATED_IN_LOGS = ("category", "subcategory")
# A log of updates says in its first row what was chosen at the desk; elsewhere it is the outcome.
STATED_IN_LOGS = ("category", "subcategory")
NULLS = frozenset({"", "?", "none", "null", "nan", "n/a"})
FORMS = ("%d/%m/%Y %H:%M", "%d/%b/%y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
MAX_FIELD = 16 * 1024 * 1024


class Row(NamedTuple):
    """A ticket as it was opened, and the team that had it in the end."""

    ticket: str
    opened_at: datetime | None
    finished_at: datetime | None
    part: str
    title: str
    description: str
    stated: dict[str, str]
    team: str


class Corpus(NamedTuple):
    """The tickets of a file, by time if all have one, and whether that is so."""

    name: str
    rows: list[Row]
    is_timed: bool


def find_corpora(path: Path, *, also: Iterable[str] = ()) -> Iterator[Corpus]:
    """Every file below a path with teams and with texts or fields; `also` names more columns."""
    files = [path] if path.is_file() else sorted(path.rglob("*.csv*"))
    for file in files:
        rows = list(_read(file, tuple(also)))
        if len({row.team for row in rows}) > 1:
            is_timed = all(row.opened_at for row in rows)
            name = file.parent.name if file.stem.startswith("tickets") else file.name.split(".")[0]
            yield Corpus(name, sorted(rows, key=_order) if is_timed else rows, is_timed)


def _order(row: Row) -> tuple[datetime, str]:
    return row.opened_at or datetime.min.replace(tzinfo=UTC), row.ticket


def place_of(row: Row) -> int:
    """A ticket's place among a thousand, by its text: one text is never on both sides."""
    text = "\x00".join((row.title, row.description, *sorted(row.stated.values())))
    return zlib.crc32(text.encode()) % 1_000


def _read(path: Path, also: Sequence[str]) -> Iterator[Row]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = content.decode("utf-8-sig", errors="replace")
    csv.field_size_limit(MAX_FIELD)
    lines = csv.DictReader(io.StringIO(text, newline=""))
    columns = {name.strip().lower(): name for name in lines.fieldnames or () if name}
    team, ticket = _first(columns, TEAM), _first(columns, TICKET)
    title, description = _first(columns, TITLE), _first(columns, TEXT)
    stated = {name: _first(columns, names) for name, names in STATED.items()}
    stated |= {name: _first(columns, (name,)) for name in also}
    stated = {name: column for name, column in stated.items() if column}
    if not team or not (title or description or stated):
        return
    opened, part = _first(columns, OPENED), _first(columns, PART)
    moments = (opened, *(columns[name] for name in FINISHED if name in columns))
    numbered = [(row.get(ticket) or str(number), row) for number, row in enumerate(lines)]
    if len({number for number, _ in numbered}) < len(numbered):
        stated |= {name: columns[name] for name in STATED_IN_LOGS if name in columns}
    # Of a log of updates the first row says how it was opened, and the last who had it.
    for number, updates in groupby(numbered, key=lambda pair: pair[0]):
        every = [row for _, row in updates]
        first = every[0]
        teams = [name for row in every if (name := _clean(row.get(team)))]
        facts = {name: _clean(first.get(column)) for name, column in stated.items()}
        facts = {name: fact for name, fact in facts.items() if fact}
        texts = [_clean(first.get(column)) if column else "" for column in (title, description)]
        if teams and (facts or any(texts)):
            begun, *ends = (
                read_moment(first.get(column) or "") if column else None for column in moments
            )
            done = next((end for end in ends if end), None)
            own_part = _clean(first.get(part)) if part else ""
            yield Row(number, begun, done, own_part, texts[0], texts[1], facts, teams[-1])


def _first(columns: dict[str, str], names: Iterable[str]) -> str:
    return next((columns[name] for name in names if name in columns), "")


def _clean(text: str | None) -> str:
    text = (text or "").strip()
    return "" if text.lower() in NULLS else text


def read_moment(text: str) -> datetime | None:
    """A moment in one of the usual forms, in UTC if it says no zone; None if it is in none."""
    for form in FORMS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
