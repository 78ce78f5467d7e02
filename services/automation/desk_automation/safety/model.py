"""The limits of a runbook, and why a run may not act now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from desk_charter.runbooks import Overflow
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message


class Bounds(Frozen):
    """How often it may act, and when it must stop for a while."""

    cooldown: timedelta
    per_day: int
    per_hour: int
    overflow: Overflow
    failures: int
    reopen_after: timedelta


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run may not act now. `until`: when it may ask again, if that is known.

    `fleet`, `stopped` and `breaker` name as holder the run that brings the evidence to people;
    a breaker also since when it is open. With a `queue_number` the run stands in line at `place`,
    and is called there.
    """

    kind: Literal[
        "busy",
        "limit",
        "breaker",
        "demoted",
        "ring",
        "stopped",
        "fleet",
        "window",
        "inhibited",
        "people",
    ]
    reason: Message
    until: datetime | None = None
    holder: str = ""
    holder_runbook: str = ""
    since: datetime | None = None
    place: str = ""
    queue_number: int = 0
