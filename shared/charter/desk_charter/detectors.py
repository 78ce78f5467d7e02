"""What the charter says about each kind of detector.

Others' kinds derive from `DetectorSettings`; their module may import this one and no other of the
charter, which is being read when it is loaded.
"""

from typing import Literal, Self

from desk_contracts.value_types import Severity
from pydantic import Field, model_validator

from desk_charter.value_types import (
    CharterModel,
    DottedName,
    Duration,
    Slug,
    Title,
    read_duration,
    write_duration,
)


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
    every: Duration = Field(
        default=read_duration("5m"), description="How often the measurement comes at least."
    )
    unit: str | None = Field(
        default=None, description="The unit it must come in; what comes in another is not judged."
    )
    join: Slug | None = Field(
        default=None,
        description="Detectors with the same word here raise one signal for a device, not several.",
    )
    together: int = Field(
        default=1, ge=1, le=20, description="So many of the joined must see trouble at a time."
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
    window: Duration = Field(description="The newest past the trend is fitted over.")
    horizon: Duration = Field(description="How far ahead it looks.")
    min_samples: int = Field(default=5, ge=3, description="Samples needed before it judges.")

    @model_validator(mode="after")
    def gets_enough_samples(self) -> Self:
        """A window that never holds enough samples would be a detector that never judges."""
        if self.window < self.every * self.min_samples:
            fits = int(self.window / self.every)
            raise ValueError(
                f"at one sample {write_duration(self.every)} its window of"
                f" {write_duration(self.window)} holds {fits}, and it needs {self.min_samples}: it"
                " would never judge. Write a longer window, a smaller min_samples, or in 'every'"
                " how often the measurement really comes"
            )
        return self


class UnusualDetector(DetectorSettings):
    """Raises when a value, step, running mean or distance from its hour is far beyond its past.

    It has nothing to tune: one configuration is for every measurement.
    """

    kind: Literal["unusual"] = Field(description="Which detector it is.")
    side: Literal["above", "below", "both"] = Field(
        default="both", description="Which deviations are trouble."
    )
