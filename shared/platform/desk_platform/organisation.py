"""What the platform asks of whoever knows the organisation; the charter answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_contracts import AnyEvent
from desk_contracts.errors import Invalid
from desk_kernel.sight import Sight


class Organisation(Protocol):
    """The organisation at one moment."""

    @property
    def version(self) -> str:
        """Which edition of what is written down about it."""
        ...

    def has_team(self, name: str | None) -> bool:
        """Whether there is a team of that name."""
        ...

    def sight_of(self, team: str, *, sees_all: bool) -> Sight:
        """What a member of that team, or of none, may see."""
        ...


@dataclass(frozen=True, slots=True)
class OrganisationStatus:
    """Which version is in force since when, and what is wrong with a newer one that is not.

    `reloads` and `refusals` count versions that came into force and that were refused.
    """

    version: str
    loaded_at: datetime
    reloads: int = 0
    refusals: int = 0
    refused_since: datetime | None = None
    problems: Sequence[str] = ()


class OrganisationSource(Protocol):
    """The organisation as it is now."""

    @property
    def current(self) -> Organisation:
        """To be read once per decision."""
        ...

    @property
    def status(self) -> OrganisationStatus:
        """What health tells about it."""
        ...

    def admit(self, event: AnyEvent) -> Invalid | None:
        """Why the event may not come in; None if it may."""
        ...

    async def run(self) -> None:
        """Keep it fresh until cancelled."""
        ...
