"""What is answered about a ticket: in a listing, in full, and as its timeline."""

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
from desk_contracts.message import Carried
from desk_contracts.value_types import Level, Priority

from desk_intake.tickets.outlook import ForecastView, PersonView
from desk_intake.tickets.sla import SlaView


class View(Frozen):
    """A frozen answer."""


class Holder(View):
    """Who has a ticket."""

    team: str
    """Name of the team; empty while nobody has it."""
    team_title: str
    """The team as people call it."""
    member: str
    """Who of the team; empty if nobody in particular."""
    sentence: str
    """The same for people."""


class TicketSummary(View):
    """A ticket in a listing."""

    id: str
    code: str
    """The short code people say and type."""
    title: str
    kind: Kind
    state: State
    state_in_words: str
    requester: str
    """The one form of their id or address; what tickets are listed by."""
    requester_written: str
    """The same as it was written, where that differs."""
    service: str
    priority: Priority | None
    team: str
    member: str
    due: datetime | None
    """When the SLA clock that people are told about ends; null if none runs."""
    next_step: str
    """What happens next, as a sentence."""
    opened_at: datetime
    updated_at: datetime


class LinkView(View):
    """What a ticket belongs to."""

    kind: LinkKind
    target: str
    text: str
    """What the link means, as a sentence."""


class AttachmentView(View):
    """A file that somebody added."""

    id: str
    name: str
    media_type: str
    """What its content is."""
    size: int
    """In bytes."""
    sha256: str
    by: str
    at: datetime
    public: bool
    url: str
    """Where it can be fetched."""


class EntryView(View):
    """One line of the timeline."""

    at: datetime
    what: str
    """The event's name, for example `resolved`."""
    who: str
    text: str
    """What happened, as a sentence."""
    code: str
    """Which message of the catalogue `text` is; `text.written` if a person wrote it."""
    params: dict[str, Carried]
    """The facts in it."""
    public: bool


class TicketView(TicketSummary):
    """A ticket in full."""

    description: str
    channel: Channel
    device: str
    site: str
    group: str
    impact: Level | None
    urgency: Level | None
    category: str
    attributes: dict[str, str]
    who_has_it: Holder
    expectation: str
    """What the person may honestly expect, as a sentence."""
    forecast: ForecastView | None
    """When it will be solved, as the team's latest tickets say; null for a ticket that is over."""
    person: PersonView | None
    """Whether a person was asked for, with how long that takes; null where nobody asked."""
    sla: tuple[SlaView, ...]
    """What each clock said last: response, resolution and others."""
    tried: tuple[str, ...]
    """What was tried so far, oldest first."""
    links: tuple[LinkView, ...]
    """The problem, repairs and tickets it belongs to."""
    attachments: tuple[AttachmentView, ...]
    """Files, oldest first."""
    waiting_for: WaitingFor | None
    waiting_until: datetime | None
    merged_into: str
    how: How | None
    resolution: str
    resolution_code: ResolutionCode | None
    """What kind of an answer it is; null if nobody said."""
    cause: str
    """What it came from, for those who take causes away; empty for employees."""
    reopened: int
    """How often it turned out not to be solved."""
    requested_at: datetime
    split_from: str
    """The ticket that it was a part of; empty if it began by itself."""
    watchers: tuple[str, ...]
    """Who else may read it and comment on it."""
    affected: int
    """How many people are known to have this trouble, the requester included."""
    also_affected: tuple[str, ...]
    """Who they are beside the requester; for those who work on it."""
    resolved_at: datetime | None
    confirmed_at: datetime | None
    """When the requester said that the resolution solved it; null while nobody did."""
    closed_at: datetime | None
    sequence: int
    """Number of its newest event; the ETag."""
    latest_entries: tuple[EntryView, ...]
    """The newest lines of its timeline, oldest first; no more than a screen holds."""
    timeline_url: str
    """Where all of them are, in pages."""


class TimelineView(View):
    """All that happened to a ticket, oldest first."""

    id: str
    code: str
    entries: tuple[EntryView, ...]
    forgotten: int
    """How many old lines are only in the event log any more."""
    next: str | None = None
    """Cursor of the next page; null on the last."""
