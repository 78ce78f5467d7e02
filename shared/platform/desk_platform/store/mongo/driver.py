"""What motor and PyMongo share, as far as it is used: calls, operations, errors in our words.

Motor was asked for by name and gets critical fixes only until 2027-05; PyMongo's own async client
has the same shape for the few calls used here and is one setting away (ADR 0003).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

from desk_contracts.errors import DependencyDown
from pymongo import ASCENDING, DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

Row = dict[str, object]
Filter = Mapping[str, object]
Operation = InsertOne[Row] | ReplaceOne[Row] | UpdateOne | DeleteOne
DUPLICATE_KEY = 11000
# In one command; a server takes a hundred thousand, and 48 MB.
_CHANGES = 5_000
# For every write: one that a single member has could be rolled back when another takes over.
WRITE_CONCERN = "majority"
# The server stumbled (no code, InternalError, UnknownError), cannot be reached, stops, or is no
# primary any more; or a cursor was lost with it (CursorNotFound, QueryPlanKilled, CursorKilled).
PASSING = frozenset({
    None, 1, 6, 7, 8, 43, 89, 91, 112, 134, 175, 189, 237, 262, 9001,
    10107, 11600, 11602, 13388, 13435, 13436,
})  # fmt: skip

# Whoever signs in is not known, or may not do it: a person has to put it right, here or there.
_REFUSED_SIGN_IN, _NOT_ALLOWED = frozenset({18, 8000}), 13

__all__ = [
    "ASCENDING",
    "DUPLICATE_KEY",
    "PASSING",
    "WRITE_CONCERN",
    "BulkWriteError",
    "Collection",
    "Cursor",
    "Database",
    "DeleteOne",
    "DuplicateKeyError",
    "Filter",
    "InsertOne",
    "Operation",
    "ReplaceOne",
    "Row",
    "UpdateOne",
    "duplicates_of",
    "translate_errors",
    "update_each",
]


class Cursor(Protocol):
    """What both drivers' cursors can do, as far as we use it."""

    def sort(self, keys: Sequence[tuple[str, int]]) -> "Cursor": ...
    def limit(self, count: int) -> "Cursor": ...
    async def to_list(self, length: int | None) -> list[Row]: ...


class WriteResult(Protocol):
    """What both drivers return of a write."""

    @property
    def matched_count(self) -> int: ...
    @property
    def deleted_count(self) -> int: ...


class Collection(Protocol):
    """The calls that both drivers share, as far as we use them."""

    def find(self, query: Filter, projection: Mapping[str, int] | None = None) -> Cursor: ...
    async def find_one(
        self, query: Filter, projection: Mapping[str, int] | None = None
    ) -> Row | None: ...
    async def insert_one(self, document: Row) -> object: ...
    async def update_one(self, query: Filter, update: Filter) -> WriteResult: ...
    async def delete_one(self, query: Filter) -> object: ...
    async def bulk_write(
        self, requests: Sequence[Operation], ordered: bool = True
    ) -> WriteResult: ...
    async def create_index(self, keys: Sequence[tuple[str, int]], unique: bool = False) -> str: ...
    async def count_documents(self, query: Filter) -> int: ...


class Database(Protocol):
    """A service's own database."""

    def __getitem__(self, name: str) -> Collection: ...
    async def list_collection_names(self) -> list[str]: ...
    async def command(self, command: Row) -> Row: ...


@contextmanager
def translate_errors() -> Iterator[None]:
    """The driver's errors in our words: the store is away, or it is a bug."""
    try:
        yield
    except (BulkWriteError, DuplicateKeyError):
        raise
    except (ConnectionFailure, ExecutionTimeout, WTimeoutError) as error:
        # What follows is the driver's picture of all servers.
        why = str(error).partition(", Timeout:")[0]
        raise DependencyDown(f"the store does not answer: {why}", dependency="store") from error
    except PyMongoError as error:
        refusal = why_refused(error)
        if isinstance(error, ConfigurationError):
            refusal = f"the store cannot be found ({error}): look at DESK_STORE"
        if refusal is not None:
            raise DependencyDown(refusal, dependency="store") from error
        is_code = isinstance(error, OperationFailure) and error.code in PASSING
        if is_code or error.has_error_label("RetryableWriteError") or "not primary" in str(error):
            raise DependencyDown(f"the store is not ready: {error}", dependency="store") from error
        raise


def why_refused(error: PyMongoError) -> str | None:
    """What the server does not allow and what to do; None if it refused nothing."""
    if not isinstance(error, OperationFailure):
        return None
    answer = (error.details or {}).get("errmsg", error)
    if error.code in _REFUSED_SIGN_IN:
        return (
            f"the store refuses to sign in ({answer}): look at DESK_STORE_USERNAME and"
            " DESK_STORE_PASSWORD, and whether the user is one of the database admin"
        )
    if error.code == _NOT_ALLOWED:
        return (
            f"the store does not allow this ({answer}): set DESK_STORE_USERNAME to the user of this"
            " database, or give that user the right"
        )
    return None


def duplicates_of(error: BulkWriteError) -> set[int]:
    """Which operations of a bulk met their own key; raises if anything else went wrong."""
    details = error.details or {}
    if details.get("writeConcernErrors"):
        raise DependencyDown(f"too few members hold the write: {error}", dependency="store")
    failures = cast("list[dict[str, int]]", details.get("writeErrors", []))
    if any(failure.get("code") in PASSING for failure in failures):
        raise DependencyDown(f"the store is not ready: {error}", dependency="store")
    if any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return {failure["index"] for failure in failures}


async def update_each(
    database: Database, collection: str, changes: Iterable[tuple[Filter, Filter]]
) -> None:
    """Make a small change in the document of each query; one that is not there is passed over.

    The drivers make several objects of each operation of a bulk: of a thousand such changes that
    takes them longer than the server needs to make them. What is large is for a bulk, which they
    divide as the server can take it.
    """
    updates = [{"q": query, "u": change} for query, change in changes]
    with translate_errors():
        for first in range(0, len(updates), _CHANGES):
            some = updates[first : first + _CHANGES]
            answer = await database.command(
                {
                    "update": collection,
                    "updates": some,
                    "ordered": False,
                    # A command takes over nothing of what its client was told.
                    "writeConcern": {"w": WRITE_CONCERN},
                }
            )
            unheld = [answer["writeConcernError"]] if "writeConcernError" in answer else []
            if unheld or "writeErrors" in answer:
                duplicates_of(BulkWriteError({**answer, "writeConcernErrors": unheld}))
