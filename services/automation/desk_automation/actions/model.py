"""What is done to a target, planned: complete, so that nothing is looked up later."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from desk_contracts.frozen import Frozen
from pydantic import Field, JsonValue

EntryKind = Literal["guard", "act", "probe", "confirm", "wait"]
Effect = Literal["pure", "idempotent", "keyed", "confirmable", "once"]


class Action(Frozen, ABC):
    """What is done to a target, complete; each executor has a type of its own."""

    @abstractmethod
    def summarize(self) -> str:
        """The action in a few words, for people who decide whether it may run."""


class Call(Frozen):
    """An action as it is planned, for which executor, and how often it may be tried.

    The action is kept as plain JSON, so that a run stays readable where its executor is not
    installed any more; the executor reads it as its own type.
    """

    executor: str
    action: dict[str, JsonValue]
    summary: str
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
    undo: "PlannedAct | None" = None


class PlannedWait(Frozen):
    """Waits, durably."""

    kind: Literal["wait"] = "wait"
    id: str
    call: Call
    key: str
    pause: timedelta


PlannedStep = Annotated[PlannedAct | PlannedProbe | PlannedWait, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Carry a call out. `number` counts attempts of this call; `expect` judges what is asked."""

    kind: EntryKind
    step: str
    call: Call
    key: str
    number: int
    expect: str = ""
