"""One demand of many people, and what was answered."""

from datetime import datetime, timedelta
from typing import Literal

from desk_contracts.events.feedback import DemandVerdict

from desk_intake.tickets.calls import NOTHING, Command, Recalled, fingerprint_of, with_command
from desk_intake.tickets.model import Part

# An answer is owed by then, counted from the first who asked.
ANSWER_WITHIN = timedelta(days=14)
# So many people are told by one event; it stays below what a topic takes.
MOST_PEOPLE = 500
# What one person alone wrote is shown to nobody else before it is answered.
SHOWN_FROM = 2
Kind = Literal["demand", "obsolete"]


class DemandAnswer(Part):
    """What the desk says to it."""

    verdict: DemandVerdict
    text: str
    by: str
    at: datetime


class Demand(Part):
    """What is missing, or a service that can go, and who says so."""

    id: str
    kind: Kind
    what: str
    """As the first wrote it; the service's name where one can go."""
    subject: str
    people: tuple[str, ...] = ()
    more: int = 0
    """How many calls came from others when the list was full."""
    first_at: datetime
    due: datetime
    answer: DemandAnswer | None = None
    # When those who owe the answer were reminded that it is past its day.
    reminded_at: datetime | None = None
    commands: tuple[Command, ...] = ()

    @property
    def votes(self) -> int:
        """How many people said so; where they are very many, how many times it was said."""
        return len(self.people) + self.more

    @property
    def reminder_due(self) -> datetime | None:
        """When those who owe the answer are reminded; None once they were, or it was given."""
        return self.due if self.answer is None and self.reminded_at is None else None

    def is_shown(self, person: str, *, is_staff: bool) -> bool:
        """Whether somebody may read it: their own, what several wrote, and what was answered."""
        is_public = self.answer is not None or self.votes >= SHOWN_FROM
        return is_public or is_staff or person in self.people

    def find_fingerprint(self, key: str, recalled: Recalled = NOTHING) -> str | None:
        """The fingerprint of the call made with that key, if it was made."""
        return fingerprint_of(self.id, self.commands, key, recalled)

    def with_command(self, command: Command, recalled: Recalled = NOTHING) -> "Demand":
        """The same, remembering that a call was carried out."""
        commands = with_command(self.id, self.commands, command, recalled)
        return self.model_copy(update={"commands": commands})
