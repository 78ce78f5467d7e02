"""How much may be repaired at once in one place, in runs and in people."""

from typing import Literal, Self

from pydantic import Field, model_validator

from desk_charter.runbook_brakes import Breaker
from desk_charter.value_types import CharterModel

By = Literal["runbook", "site", "service"]
# All that counts is in one document.
MOST_PER_HOUR = 1_000


class HealingLimit(CharterModel):
    """Limits of one place; what exceeds them waits, or people get it."""

    at_once: int | None = Field(
        default=None, ge=1, le=MOST_PER_HOUR, description="Most runs that act at the same time."
    )
    per_hour: int | None = Field(
        default=None, ge=1, le=MOST_PER_HOUR, description="Most runs in an hour."
    )
    people_at_once: int | None = Field(
        default=None,
        ge=1,
        description="Most people whom the runs that act at the same time concern: one for a device,"
        " the `people` of a service. A run of which nobody knows how many is left to people.",
    )

    @model_validator(mode="after")
    def limits_something(self) -> Self:
        """One that says nothing would look like one that protects."""
        if not self.model_fields_set & {"at_once", "per_hour", "people_at_once", "breaker"}:
            raise ValueError("write at least one of 'at_once', 'per_hour' and 'people_at_once'")
        return self


class ScopeLimit(HealingLimit):
    """Limits of a runbook in each place of one kind."""

    by: By = Field(description="runbook: over all places; site, service: in each for itself.")


class ServiceHealing(HealingLimit):
    """Limits of a service over all runbooks, for what is old or breaks easily."""

    breaker: Breaker | None = Field(
        default=None,
        description="Stops all runbooks there after runs of any of them that did not heal.",
    )
