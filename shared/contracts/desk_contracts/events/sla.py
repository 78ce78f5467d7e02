"""`desk.sla`: what SLA clocks do. Key: the ticket id; written by metrics."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Message
from desk_contracts.value_types import Duration


class ClockName(StrEnum):
    """Which SLA is measured."""

    RESPONSE = "response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    UPDATE = "update"
    OWNERSHIP = "ownership"


class _Sla(Payload):
    clock: ClockName
    policy: str
    policy_version: str
    cycle: int = Field(default=1, description="1, then one more for each reopening or re-arming.")
    team: str = ""


class SlaStarted(_Sla, type="desk.sla.started.v1", topic=names.SLA):
    """A clock runs; `due` is none if its calendar never opens."""

    target: Duration
    due: datetime | None


class SlaPaused(_Sla, type="desk.sla.paused.v1", topic=names.SLA):
    """The clock stands while somebody else's turn it is."""

    waiting_for: str = Field(description="Whose turn: employee, vendor or approval.")


class SlaResumed(_Sla, type="desk.sla.resumed.v1", topic=names.SLA):
    """The clock runs again, with a new due moment."""

    due: datetime | None


class SlaAtRisk(_Sla, type="desk.sla.at-risk.v1", topic=names.SLA):
    """So many per cent of the goal are used up."""

    percent: int
    due: datetime | None


class SlaBreached(_Sla, type="desk.sla.breached.v1", topic=names.SLA):
    """The due moment passed without the required action."""

    due: datetime
    inherited: bool = Field(default=False, description="It was late already when this clock began.")


class SlaMet(_Sla, type="desk.sla.met.v1", topic=names.SLA):
    """Done in time."""

    took: Duration
    due: datetime | None


class SlaCancelled(_Sla, type="desk.sla.cancelled.v1", topic=names.SLA):
    """The SLA no longer applies: no verdict."""

    because: Message
    replaced: bool = Field(
        default=False, description="Another SLA takes its place; its start follows at once."
    )
    untrue: Literal["", "at_risk", "breached"] = Field(
        default="",
        description="The worst that was said of it and was not so, as facts that came late show.",
    )
