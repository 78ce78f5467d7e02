"""`desk.changes`: releases, migrations and maintenance, told by outside systems. Key: service."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.value_types import Identifier, TitleText


class ChangeKind(StrEnum):
    """What sort of change it is."""

    RELEASE = "release"
    MIGRATION = "migration"
    MAINTENANCE = "maintenance"


class ChangePlanned(Payload, type="desk.change.planned.v1", topic=names.CHANGES):
    """A change will happen between two moments."""

    change: Identifier
    kind: ChangeKind
    title: TitleText
    starts: AwareDatetime
    ends: AwareDatetime
    sites: tuple[str, ...] = ()


class ChangeStarted(Payload, type="desk.change.started.v1", topic=names.CHANGES):
    """The change is under way. A release in rings says so again for each ring."""

    change: Identifier
    kind: ChangeKind
    title: TitleText
    ring: str = Field(default="", max_length=100, description="Who gets it now, e.g. canary.")


class ChangeFinished(Payload, type="desk.change.finished.v1", topic=names.CHANGES):
    """The change is over."""

    change: Identifier
    kind: ChangeKind
    succeeded: bool = Field(description="False if it was rolled back.")
