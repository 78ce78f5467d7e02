"""What the charter says about a kind of detector that the desk does not have."""

from typing import Literal

from desk_charter.detectors import DetectorSettings
from pydantic import Field


class SmoothedSettings(DetectorSettings):
    """Raises when a running mean is above a level."""

    kind: Literal["smoothed"] = Field(description="Which detector it is.")
    above: float = Field(description="Trouble when the running mean is above this.")
    clear_at: float = Field(description="Well again at this mean.")
    forget_after_s: float = Field(description="Older than this the mean says nothing of today.")
