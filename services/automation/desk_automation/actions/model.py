"""What is done to a target, planned: complete, so that nothing is looked up later."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from desk_shared.frozen import Frozen
from pydantic import Field, JsonValue

EntryKind = Literal["guard", "act", "probe", "confirm", "wait"]
Effect = Literal["pure", "idempotent", "keyed", "confirmable", "once"]


class Call(Frozen):
    """One HTTP call as it goes out, and how often it may be tried."""

    method: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: JsonValue = None
    timeout: timedelta
    attempts: int
    base: timedelta
    cap: timedelta


class PlannedProbe(Frozen):
    """Asks and judges the answer; changes nothing."""

    kind: Literal["probe"] = "probe"
    id: str
    call: Call
    expect: str
    key: str


class PlannedAct(Frozen):
    """Changes the target. The key is the same over all attempts and over crashes."""

    kind: Literal["act"] = "act"
    id: str
    call: Call
    effect: Effect
    key: str
    confirm: PlannedProbe | None = None


class PlannedWait(Frozen):
    """Waits, durably."""

    kind: Literal["wait"] = "wait"
    id: str
    pause: timedelta


PlannedStep = Annotated[PlannedAct | PlannedProbe | PlannedWait, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Send a call. `number` counts attempts of this call; `expect` judges what is asked."""

    kind: EntryKind
    step: str
    call: Call
    key: str
    number: int
    expect: str = ""
