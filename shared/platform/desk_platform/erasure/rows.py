"""What becomes of one stored row when people and texts are erased. Pure.

A row is what `read_raw` gives: states are JSON texts, facets a mapping. Its id may be a person's.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from desk_contracts.redaction import Json, Redactor, list_erased_files

from desk_platform.store.raw import Raw

# Rows that describe no document, and name nobody: digests, numbers, positions.
_PLAIN = frozenset({"milestones", "positions", "leases", "calls"})
# In these rows the id is a ticket's, and one of these fields its person.
_TICKETS = "tickets"
_WHOSE = ("requester", "person")


class Outcome(NamedTuple):
    """The row as it must be; None if it may stay. The files that go with it."""

    row: Raw | None
    files: tuple[str, ...] = ()


def has_documents(collection: str) -> bool:
    """Whether a collection holds documents."""
    return collection not in _PLAIN and not collection.endswith(".handled")


def is_owned(redactor: Redactor, row: Raw) -> bool:
    """Whether the whole row belongs to somebody who is erased: by its id."""
    id = str(row["_id"])
    return id in redactor.tickets or bool(redactor.pseudonym_of(id))


def redact_row(redactor: Redactor, collection: str, row: Raw) -> Outcome:
    """A row without what is to be erased."""
    state = _load(row.get("state"))
    if _is_later(redactor, collection, str(row["_id"]), state):
        return Outcome(None)
    own = is_owned(redactor, row)
    files: tuple[str, ...] = ()
    after: dict[str, object] = {**row, "_id": redactor.mask(str(row["_id"]))}
    for name in ("state", "brief"):
        if (value := _load(row.get(name))) is not None:
            redacted = redactor.redact(value, is_own=own)
            files = files or tuple(list_erased_files(redacted))
            if redacted != value:
                after[name] = json.dumps(redacted, ensure_ascii=False, separators=(",", ":"))
    facets = row.get("facets")
    if isinstance(facets, dict):
        after["facets"] = redactor.redact(facets, is_own=own)
    if after == dict(row):
        return Outcome(None, files)
    version = row["version"]
    if not isinstance(version, int):
        raise TypeError(f"a row of {collection} has the version {version!r}")
    return Outcome({**after, "version": version + 1}, files)


def export_row(redactor: Redactor, row: Raw) -> list[Json]:
    """The parts of a row that are about the person."""
    state = _load(row.get("state"))
    return (
        [] if state is None else list(redactor.list_mentions(state, is_own=is_owned(redactor, row)))
    )


def _is_later(redactor: Redactor, collection: str, id: str, state: Json) -> bool:
    """Whether it is a ticket that the person logged after they were erased: it is kept."""
    if collection != _TICKETS or id in redactor.tickets or not isinstance(state, Mapping):
        return False
    return any(
        isinstance(who := state.get(name), str) and bool(redactor.pseudonym_of(who))
        for name in _WHOSE
    )


def _load(text: object) -> Json:
    return None if not isinstance(text, str) else json.loads(text)
