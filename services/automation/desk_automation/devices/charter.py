"""What devices may do by themselves: policies.yaml, which may be missing, and then nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Self

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.sources import SubjectPattern, is_named
from desk_charter.value_types import (
    CalendarDate,
    CharterModel,
    DottedName,
    Duration,
    Slug,
    Title,
    read_duration,
)
from desk_contracts.device_orders import QUESTIONS, Bound, DevicePolicy
from pydantic import Field, StringConstraints, model_validator

Parameter = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class PolicyOfDevices(CharterModel):
    """One policy: which devices, on what measurement, what they do while the desk is away."""

    name: Slug = Field(description="Stable id.")
    version: int = Field(
        ge=1, description="Raise it with each change: a device keeps the largest that it saw."
    )
    title: Title = Field(description="What people call it.")
    owner_team: Slug = Field(description="Who gets it where it did not help.")
    devices: tuple[SubjectPattern, ...] = Field(
        min_length=1, description="Devices, exactly or as a beginning with '*'."
    )
    service: Slug | None = Field(default=None, description="The service that they belong to.")
    measurement: DottedName = Field(description="The measurement that tells of trouble.")
    below: float | None = Field(default=None, description="Trouble when the value is below.")
    above: float | None = Field(default=None, description="Trouble when the value is above.")
    samples: int = Field(default=2, ge=1, le=100, description="So many bad ones in a row.")
    offline_for: Duration = Field(
        default=read_duration("10m"), description="Only after so long without the desk."
    )
    action: Slug = Field(description="clean-disk, restart-service, renew or reboot.")
    parameters: dict[str, Parameter] = Field(
        default={}, description="What the action is told, as the agents' files declare it."
    )
    cooldown: Duration = Field(
        default=read_duration("1h"), description="Least time between two times."
    )
    per_day: int = Field(default=3, ge=1, le=100, description="Most times in 24 hours.")
    expires: CalendarDate = Field(description="The last day (UTC) on which devices obey it.")

    @model_validator(mode="after")
    def has_one_bound(self) -> Self:
        """Trouble is on one side, and what answers it changes something."""
        if (self.below is None) == (self.above is None):
            raise ValueError("write 'below' or 'above', one of them")
        if self.action in QUESTIONS:
            raise ValueError(f"'{self.action}' changes nothing; name what repairs")
        if self.offline_for > timedelta(days=30):
            raise ValueError("'offline_for' is 30 days at most")
        return self

    def for_device(self, device: str) -> DevicePolicy | None:
        """The policy as this device gets it; None if it is not for it."""
        if not any(is_named(pattern, device) for pattern in self.devices):
            return None
        last = datetime.combine(self.expires, time.max, UTC)
        is_below = self.below is not None
        return DevicePolicy(
            id=self.name,
            version=self.version,
            device=device,
            title=self.title,
            team=self.owner_team,
            service=self.service or "",
            measurement=self.measurement,
            bound=Bound.BELOW if is_below else Bound.ABOVE,
            threshold=(self.below if is_below else self.above) or 0.0,
            samples=self.samples,
            offline_for=self.offline_for,
            action=self.action,
            parameters=dict(self.parameters),
            cooldown=self.cooldown,
            per_day=self.per_day,
            expires=last,
        )


def policies_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Their teams and services are written down."""
    for policy in draft.of(POLICIES, ()):
        where = ("policies", policy.name)
        yield from draft.unknown("teams", policy.owner_team, *where, "owner_team")
        if policy.service is not None:
            yield from draft.unknown("services", policy.service, *where, "service")


POLICIES: Section[tuple[PolicyOfDevices, ...]] = Section(
    "policies",
    PolicyOfDevices,
    is_optional=True,
    checks=(policies_refer_to_what_exists,),
)
