"""The port to the device: an action is checked, observed, performed, and asked whether it happened.

Another operating system is another implementation; nothing above knows which it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from desk_contracts.message import Message

Texts = Mapping[str, str]


class Effect(StrEnum):
    """Whether an action took place, as the device itself shows. `no`: surely not, or not wholly
    and may be done again. `pending`: it was begun and will still show."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of it at once: done, failed, or refused by the person; pending says nothing yet."""

    effect: Effect
    reason: Message
    details: Texts = field(default_factory=dict)
    is_refused: bool = False


class DeviceAction(Protocol):
    """One kind of action."""

    @property
    def targets(self) -> str:
        """On what it may be carried out, for people."""
        ...

    def check(self, parameters: Texts) -> Message | None:
        """Why it must not be done with these; None if it may."""
        ...

    def observe(self, parameters: Texts) -> Texts:
        """What has to be known of the device before, to tell afterwards whether it happened."""
        ...

    def perform(self, parameters: Texts, baseline: Texts) -> Performed:
        """Do it. Raises nothing for what the device does."""
        ...

    def probe(self, parameters: Texts, baseline: Texts) -> Effect:
        """Whether it happened, after nobody was there to see; changes nothing."""
        ...
