"""What the platform asks of whoever knows the organisation; the charter answers."""

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


class OrganisationSource(Protocol):
    """The organisation as it is now."""

    @property
    def current(self) -> Organisation:
        """To be read once per decision."""
        ...

    def admit(self, event: AnyEvent) -> Invalid | None:
        """Why the event may not come in; None if it may."""
        ...

    async def run(self) -> None:
        """Keep it fresh until cancelled."""
        ...
