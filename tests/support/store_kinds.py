"""What the contract suites of the store run on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from desk_platform.clock import FakeClock
from desk_platform.store import Documents, Schema
from desk_platform.store.idempotency import KeptCalls
from desk_platform.store.leases import Leases
from pydantic import BaseModel, ConfigDict

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Nobody listens there: the store that is away.
NOWHERE = "mongodb://127.0.0.1:9"
KINDS = (
    "fake",
    "sqlite",
    pytest.param("motor", marks=pytest.mark.connected),
    pytest.param("pymongo", marks=pytest.mark.connected),
)


class Thing(BaseModel):
    """A state with what stores tend to get wrong: microseconds, odd names, big numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    at: datetime | None = None
    took: timedelta = timedelta(0)
    rank: int = 0
    code: str = ""
    odd: dict[str, int] = {}
    text: str = ""


THINGS: Schema[Thing] = Schema(
    "things",
    Thing,
    facets=lambda thing: {"name": thing.name, "rank": thing.rank, "code": thing.code},
    searched=(("name",), ("name", "rank")),
    unique=("code",),
    brief=lambda thing: thing.model_copy(update={"text": ""}),
    over=lambda thing: thing.at if thing.name == "over" else None,
)


class NewerThing(Thing):
    """What the next version of the software keeps of the same."""

    colour: str = ""
    parts: tuple["NewerThing", ...] = ()


NEWER_THINGS: Schema[NewerThing] = Schema("things", NewerThing)
# What no version of the software would write.
STRANGE_THINGS: Schema[dict[str, object]] = Schema("things", dict[str, object])


@dataclass
class Kind:
    """One kind of store: documents, leases, calls, and the same on a server that is away."""

    documents: Documents[Thing]
    newer: Documents[NewerThing]
    strange: Documents[dict[str, object]]
    leases: Leases
    calls: KeptCalls
    away: Documents[Thing]
    leases_away: Leases
    calls_away: KeptCalls
    clock: FakeClock
