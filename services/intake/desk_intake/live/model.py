"""What is followed live: the tickets of a person or a team, or one ticket; and what is told."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from desk_contracts.frozen import Frozen
from desk_contracts.text import is_visible

from desk_intake.tickets.answers import EntryView

Kind = Literal["person", "team", "ticket"]
Reason = Literal["unreadable", "other-log", "too-far-behind"]
REASONS: Mapping[str, Reason] = {reason: reason for reason in get_args(Reason)}


class Audience(NamedTuple):
    """Whose tickets are followed: those of a person, of a team, or the one with that id."""

    kind: Kind
    name: str

    @property
    def is_anybody(self) -> bool:
        """Whether there is a name at all: nobody's tickets are followed by nobody."""
        return is_visible(self.name)

    def may_hear(self, subject: str) -> bool:
        """Whether events of that ticket may be for it, as far as is known without the ticket."""
        return self.kind != "ticket" or subject == self.name


class TicketUpdate(Frozen):
    """The data of an event named `ticket`: what one event of a ticket says to this reader."""

    ticket: str
    code: str
    title: str
    service: str
    sequence: int
    """Number of the event in its ticket; those that are not for this reader are left out."""
    event: str
    """Id of the event: one that comes twice, after a reconnect, has the same."""
    entries: tuple[EntryView, ...]
    """The lines of the timeline that it made, in the reader's language."""


class ResetUpdate(Frozen):
    """The data of an event named `reset`: load what you show anew, then go on from here."""

    reason: Reason
    text: str
    """The same for people."""
