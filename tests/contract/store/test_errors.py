"""Which of a server's errors mean that it is away for a while, and which are bugs of ours."""

from typing import cast

import pytest
from desk_contracts.errors import DependencyDown
from desk_platform.store import Stored
from desk_platform.store.mongo.documents import MongoDocuments
from desk_platform.store.mongo.driver import Database, translate_errors
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from tests.support.store_kinds import START, THINGS, Thing


@pytest.mark.parametrize(
    "error",
    [
        ServerSelectionTimeoutError("nobody there"),
        AutoReconnect("connection closed"),
        NotPrimaryError("not primary"),
        ExecutionTimeout("too slow"),
        WTimeoutError("no majority"),
        OperationFailure("Unknown error: null"),
        OperationFailure("shutting down", 91),
        OperationFailure("stepped down", 189),
        OperationFailure("cursor id 7 not found", 43),
        OperationFailure("query killed", 175),
        OperationFailure("cursor killed", 237),
        OperationFailure("network timeout", 89),
        OperationFailure("write conflict", 112),
    ],
)
def test_a_server_that_cannot_answer_now_is_a_dependency_that_is_down(error: PyMongoError) -> None:
    with pytest.raises(DependencyDown), translate_errors():
        raise error


@pytest.mark.parametrize(
    "error", [OperationFailure("bad query", 2), DuplicateKeyError("taken", 11000), ValueError("x")]
)
def test_anything_else_goes_through_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), translate_errors():
        raise error


class Refusing:
    """A database whose writes end with an error; it is also its collections."""

    def __init__(self, **details: object) -> None:
        self.details = details

    def __getitem__(self, _name: str) -> "Refusing":
        return self

    async def bulk_write(self, _operations: object, *, ordered: bool) -> object:
        assert not ordered
        raise BulkWriteError({"nMatched": 0, **self.details})

    async def command(self, command: dict[str, object]) -> dict[str, object]:
        assert command["writeConcern"] == {"w": "majority"}
        return {"ok": 1, "n": 0, **self.details}


async def write(**details: object) -> frozenset[str]:
    database = cast(Database, Refusing(**details))
    documents = MongoDocuments(database, THINGS, lambda: START)
    return await documents.write([Stored("a", 0, Thing()), Stored("b", 0, Thing())])


async def test_a_duplicate_key_is_a_refusal_of_that_document() -> None:
    refused = await write(writeErrors=[{"index": 1, "code": 11000}])
    assert refused == {"b"}


@pytest.mark.parametrize(
    "details",
    [
        {"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "no majority"}]},
        {"writeErrors": [{"index": 0, "code": 91}]},
        {"writeErrors": [{"index": 0, "code": 11000}, {"index": 1, "errmsg": "no code"}]},
    ],
)
async def test_a_bulk_that_is_not_certain_to_stay_is_no_success(
    details: dict[str, object],
) -> None:
    with pytest.raises(DependencyDown):
        await write(**details)


async def test_a_bulk_that_breaks_a_rule_of_the_store_is_a_bug() -> None:
    with pytest.raises(BulkWriteError):
        await write(writeErrors=[{"index": 0, "code": 9}])


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"writeErrors": [{"index": 0, "code": 91}]}, DependencyDown),
        ({"writeErrors": [{"index": 0, "code": 9}]}, BulkWriteError),
        ({"writeConcernError": {"code": 64, "errmsg": "no majority"}}, DependencyDown),
    ],
)
async def test_a_command_that_is_not_certain_to_stay_is_no_success(
    details: dict[str, object], error: type[Exception]
) -> None:
    database = cast(Database, Refusing(**details))
    documents = MongoDocuments(database, THINGS, lambda: START)
    with pytest.raises(error):
        await documents.clear_outboxes([Stored("a", 1)])
