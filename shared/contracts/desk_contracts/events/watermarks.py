"""`desk.watermarks`: how far the only writer of a topic has published. Key: the writer's replica.

Who concludes something from silence waits for it: what was recorded in time but lies in an outbox
contradicts the conclusion.
"""

from pydantic import AwareDatetime, Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.value_types import Identifier


class WatermarkAdvanced(Payload, type="desk.watermark.advanced.v1", topic=names.WATERMARKS):
    """All that this replica recorded before a moment is published to the topic it writes."""

    topic: Identifier = Field(description="The topic that is written, e.g. desk.tickets.")
    until: AwareDatetime = Field(description="By the writer's clock, like the times of its events.")
    has_left: bool = Field(
        default=False, description="The replica writes no more, and all that it recorded is out."
    )
