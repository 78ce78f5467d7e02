"""What intake knows of a ticket. Frozen; it changes only by `evolve`: a projection of its log.

All but `commands` follows from the ticket's events; that one field is how a repeated call is known.
"""

from datetime import datetime

from desk_contracts.events.tickets import (
    Channel,
    How,
    Kind,
    LinkKind,
    ResolutionCode,
    State,
    WaitingFor,
)
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from desk_contracts.value_types import Level, Priority
from pydantic import Field

from desk_intake.tickets.approvals import AskedFor, ItemRequest
from desk_intake.tickets.calls import NOTHING, Command, Recalled, fingerprint_of, with_command
from desk_intake.tickets.fulfilment import FulfilmentRun

# The bounds keep one document small whatever happens to its ticket; the log has everything.
MAX_ENTRIES = 400  # desk-skip: mutate one more or less bounds as well
MAX_TIMELINE_TEXT = 300_000  # desk-skip: mutate one more or less bounds as well
# More than this is no ticket any more; each is an event of up to 64 KiB that many read.
MAX_COMMENTS = 1_000
MAX_LINKS = 100
MAX_WATCHERS = 50
MAX_AFFECTED = 500

OPEN_STATES = frozenset(
    {State.NEW, State.TRIAGED, State.ASSIGNED, State.IN_PROGRESS, State.WAITING}
)


class Part(Frozen):
    """A frozen piece of a ticket."""


class Entry(Part):
    """One line of the timeline. `who` is a person's id or `desk`."""

    at: datetime
    what: str
    who: str
    message: Message
    public: bool = True

    @property
    def size(self) -> int:
        """About how many characters it holds."""
        return sum(len(str(value)) for value in self.message.params.values())


class Link(Part):
    """What a ticket belongs to."""

    kind: LinkKind
    target: str
    message: Message | None = None


class Attachment(Part):
    """A file that somebody added; its bytes are kept elsewhere, under its id."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    at: datetime
    public: bool = True


class Ticket(Part):
    """A ticket, as the projection of its events."""

    id: str
    code: str
    sequence: int
    state: State
    kind: Kind
    title: str
    description: str = ""
    requester: str
    requester_written: str = ""
    channel: Channel
    service: str = ""
    device: str = ""
    site: str = ""
    group: str = ""
    language: str = "en"
    attributes: dict[str, str] = Field(default_factory=dict)
    impact: Level | None = None
    urgency: Level | None = None
    category: str = ""
    priority: Priority | None = None
    is_priority_fixed: bool = False
    team: str = ""
    is_team_fixed: bool = False
    member: str = ""
    waiting_for: WaitingFor | None = None
    waiting_until: datetime | None = None
    links: tuple[Link, ...] = ()
    merged_into: str = ""
    how: How | None = None
    resolution: Message | None = None
    resolution_code: ResolutionCode | None = None
    cause: str = ""
    resolved_by: str = ""
    # The number of the event that resolved it last, which a confirmation names; 0: none stands.
    resolved_sequence: int = 0
    confirmed_at: datetime | None = None
    request: ItemRequest | None = None
    reopened: int = 0
    split_from: str = ""
    watchers: tuple[str, ...] = ()
    also_affected: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    opened_at: datetime
    requested_at: datetime
    updated_at: datetime
    answered_at: datetime | None = None
    # When a person was asked for last, and when one of the desk first did something after it.
    person_requested_at: datetime | None = None
    person_answered_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    timeline: tuple[Entry, ...] = ()
    forgotten: int = 0
    comments: int = 0
    commands: tuple[Command, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def waits_for_person(self) -> bool:
        """Whether a person was asked for, and none has answered yet."""
        return self.person_requested_at is not None and self.person_answered_at is None

    @property
    def awaits_approval(self) -> bool:
        """Whether nobody may work on it before others have said yes."""
        is_pending = self.request is not None and self.request.is_pending
        return is_pending and self.state is State.WAITING

    @property
    def asked_for(self) -> AskedFor:
        """What those who approve or do its request need to know."""
        return AskedFor(self.code, self.requester, self.title, self.device, self.service)

    @property
    def fulfilment(self) -> FulfilmentRun | None:
        """The run that does what was asked for; None where there is none."""
        return self.request.fulfilment if self.request else None

    @property
    def is_done_by_runbook(self) -> bool:
        """Whether a run has it, and nobody needs to work on it."""
        return self.is_open and self.fulfilment is not None and self.fulfilment.is_under_way

    @property
    def newest(self) -> int:
        """The sort key of listings: it grows backwards, as stores list in ascending order."""
        return -int(self.opened_at.timestamp() * 1000)

    @property
    def problem(self) -> str:
        """The problem it was linked to last; empty if none."""
        links = [link.target for link in self.links if link.kind is LinkKind.PROBLEM]
        return links[-1] if links else ""

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(link.target for link in self.links if link.kind is LinkKind.RUN)

    @property
    def affected(self) -> int:
        """How many people are known to have this trouble, the requester included."""
        return 1 + len(self.also_affected)

    def has_link(self, kind: LinkKind, target: str) -> bool:
        """Whether it is linked to exactly that."""
        return any(link.kind is kind and link.target == target for link in self.links)

    def find_fingerprint(self, key: str, recalled: Recalled = NOTHING) -> str | None:
        """The fingerprint of the call made with that key, if it was made."""
        return fingerprint_of(self.id, self.commands, key, recalled)

    def with_command(self, command: Command, recalled: Recalled = NOTHING) -> "Ticket":
        """The ticket, remembering that a call was carried out."""
        commands = with_command(self.id, self.commands, command, recalled)
        return self.model_copy(update={"commands": commands})

    def with_entry(self, entry: Entry) -> "Ticket":
        """The ticket with one more line; the oldest but the first make room when it is full."""
        lines, gone = [*self.timeline, entry], 0
        size = sum(line.size for line in lines)
        while len(lines) > 2 and (len(lines) > MAX_ENTRIES or size > MAX_TIMELINE_TEXT):
            size -= lines.pop(1).size
            gone += 1
        return self.model_copy(
            update={"timeline": tuple(lines), "forgotten": self.forgotten + gone}
        )
