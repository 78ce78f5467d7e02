"""What the charter says about each kind of detector.

Others' kinds derive from `DetectorSettings`; their module may import this one and no other of the
charter, which is being read when it is loaded.
"""

from typing import Literal, Self

from desk_contracts.value_types import Severity
from pydantic import Field, model_validator

from desk_charter.value_types import CharterModel, DottedName, Duration, Slug, Title, read_duration


class DetectorSettings(CharterModel):
    """What every detector says; each kind adds what it needs, and its name as `kind`."""

    kind: str = Field(description="Which detector it is.")
    id: Slug = Field(description="Stable id, kept with every signal.")
    measurement: DottedName = Field(description="The measurement it watches, per subject.")
    signal: Slug = Field(description="The symptom it signals, such as disk-filling.")
    title: Title = Field(
        description="What people read; {subject}, {value} and {level} are filled in."
    )
    severity: Severity = Field(description="info, warning or critical.")
    service: Slug | None = Field(default=None, description="The service that suffers.")
    hold: Duration = Field(
        default=read_duration("0s"), alias="for", description="How long it must last, event time."
    )


class _LevelDetector(DetectorSettings):
    """A detector with a level that must not be crossed, and one at which all is well again."""

    below: float | None = Field(default=None, description="Trouble when the value is below this.")
    above: float | None = Field(default=None, description="Trouble when the value is above this.")
    clear_at: float | None = Field(
        default=None, description="Well again at this value; else at the level itself."
    )

    @model_validator(mode="after")
    def has_one_level_and_clears_on_its_good_side(self) -> Self:
        """Exactly one of below and above; the clear level is on the healthy side of it."""
        if (self.below is None) == (self.above is None):
            raise ValueError("write exactly one of 'below' and 'above'")
        if self.clear_at is None:
            return self
        if self.below is not None and self.clear_at < self.below:
            raise ValueError("clear_at must not be lower than 'below', or it clears in trouble")
        if self.above is not None and self.clear_at > self.above:
            raise ValueError("clear_at must not be higher than 'above', or it clears in trouble")
        return self

    @property
    def level(self) -> float:
        """The level that must not be crossed."""
        return self.below if self.below is not None else self.above or 0.0

    def is_trouble(self, value: float) -> bool:
        """Whether a value lies beyond the level."""
        return value < self.level if self.below is not None else value > self.level

    def is_clear(self, value: float) -> bool:
        """Whether a value is back on the healthy side of the clear level."""
        clear = self.level if self.clear_at is None else self.clear_at
        return value >= clear if self.below is not None else value <= clear


class ThresholdDetector(_LevelDetector):
    """Raises when the value has been beyond the level for the given time."""

    kind: Literal["threshold"] = Field(description="Which detector it is.")


class ForecastDetector(_LevelDetector):
    """Raises when the trend of the window reaches the level within the horizon."""

    kind: Literal["forecast"] = Field(description="Which detector it is.")
    window: Duration = Field(description="The past the trend is fitted over.")
    horizon: Duration = Field(description="How far ahead it looks.")
    min_samples: int = Field(default=5, ge=3, description="Samples needed before it judges.")


class ZScoreDetector(DetectorSettings):
    """Raises when the value is many standard deviations from the window's mean."""

    kind: Literal["zscore"] = Field(description="Which detector it is.")
    score: float = Field(gt=0, description="Standard deviations from the mean that are trouble.")
    clear_score: float = Field(default=1.0, ge=0, description="Well again below this score.")
    window: Duration = Field(description="The past that counts as normal.")
    min_samples: int = Field(default=20, ge=5, description="Samples needed before it judges.")
    side: Literal["above", "below", "both"] = Field(
        default="both", description="Which deviations are trouble."
    )
