"""`desk.automation.checkpoints`: how far the chains of runs were, by who only reads them.

Automation writes the transitions and metrics these, each with rights of its own: what a checkpoint
names cannot be taken back by who wrote it. Key: the number of a partition of twelve.
"""

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.value_types import Identifier, Value


class ChainEnd(Value):
    """The last transition of a chain that was read."""

    chain: Identifier = Field(description="The run, or what else has a chain.")
    number: int = Field(ge=1, description="How many transitions it had.")
    mac: str = Field(description="The keyed hash of the last one; it holds on to all before it.")


class CheckpointTaken(Payload, type="desk.checkpoint.taken.v1", topic=names.CHECKPOINTS):
    """These chains went on since the checkpoint before it."""

    number: int = Field(ge=1, description="Counts the checkpoints of a partition, from 1.")
    previous: str = Field(
        default="", description="SHA-256 of the checkpoint before it; empty for the first."
    )
    ends: tuple[ChainEnd, ...]
