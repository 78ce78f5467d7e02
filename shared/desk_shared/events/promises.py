"""`desk.promises`: what SLA clocks do. Key: the ticket id; written by metrics."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from desk_shared.events import names
from desk_shared.events.envelope import Payload


class ClockName(StrEnum):
    """Which promise is measured."""

    RESPONSE = "response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    UPDATE = "update"
    OWNERSHIP = "ownership"


class _Promise(Payload):
    clock: ClockName
    policy: str
    policy_version: str
    cycle: int = Field(default=1, description="1, then one more for each reopening or re-arming.")
    team: str = ""


class PromiseStarted(_Promise, type="desk.promise.started.v1", topic=names.PROMISES):
    """A clock runs; `due` is none if its calendar never opens."""

    goal: timedelta
    due: datetime | None


class PromisePaused(_Promise, type="desk.promise.paused.v1", topic=names.PROMISES):
    """The clock stands while somebody else's turn it is."""

    because: str


class PromiseResumed(_Promise, type="desk.promise.resumed.v1", topic=names.PROMISES):
    """The clock runs again, with a new due moment."""

    due: datetime | None


class PromiseAtRisk(_Promise, type="desk.promise.at-risk.v1", topic=names.PROMISES):
    """So many per cent of the goal are used up."""

    percent: int
    due: datetime | None


class PromiseBreached(_Promise, type="desk.promise.breached.v1", topic=names.PROMISES):
    """The due moment passed without the thing promised."""

    due: datetime
    inherited: bool = Field(default=False, description="It was late already when this clock began.")


class PromiseKept(_Promise, type="desk.promise.kept.v1", topic=names.PROMISES):
    """Done in time."""

    took: timedelta
    due: datetime | None


class PromiseWithdrawn(_Promise, type="desk.promise.withdrawn.v1", topic=names.PROMISES):
    """The promise no longer applies: no verdict."""

    because: str
    replaced: bool = Field(
        default=False, description="Another promise takes its place; its start follows at once."
    )
    untrue: Literal["", "at_risk", "breached"] = Field(
        default="",
        description="The worst that was said of it and was not so, as facts that came late show.",
    )
