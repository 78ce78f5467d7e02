"""What of the chains in one partition went on since its last checkpoint."""

from datetime import datetime

from desk_contracts.events.checkpoints import ChainEnd
from desk_contracts.frozen import Frozen
from pydantic import Field


class Chains(Frozen):
    """The ends that no checkpoint has yet, by chain; the last checkpoint, and what hashes it."""

    number: int = 0
    previous: str = ""
    ends: dict[str, ChainEnd] = Field(default_factory=dict)
    # When the first of these was noted.
    since: datetime | None = None
