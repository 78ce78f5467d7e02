"""Who was asked when, and what is owed to those who were unhappy."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.people import OptionalPerson

from desk_intake.tickets.calls import NOTHING, Command, Recalled, fingerprint_of, with_command
from desk_intake.tickets.model import Part

# A link that nobody used by then is worth nothing: who remembers how it went?
LINK_LASTS = timedelta(days=14)
# Who hears nothing for three days was not heard.
FOLLOW_UP_WITHIN = timedelta(days=3)
# The team hears so long after its member was reminded, if nothing was done.
TEAM_REMINDED_AFTER = timedelta(days=1)
LOW_SCORE = 2


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many are asked: a share of the tickets, and each person once in a while at most."""

    share: float
    every: timedelta


class InvitedPerson(Part):
    """When somebody was asked last, and about which resolution."""

    survey: str
    at: datetime


class FollowUp(Part):
    """Somebody was unhappy with how a ticket went, and its team is to find out why."""

    id: str
    ticket: str
    cycle: int
    score: int
    comment: str
    language: str
    service: str
    team: str
    member: OptionalPerson = ""
    opened_at: datetime
    due: datetime
    done_at: datetime | None = None
    done_by: OptionalPerson = ""
    outcome: str = ""
    # When its member was reminded that it is past its day, and when the team was.
    reminded_at: datetime | None = None
    team_reminded_at: datetime | None = None
    commands: tuple[Command, ...] = ()

    def find_fingerprint(self, key: str, recalled: Recalled = NOTHING) -> str | None:
        """The fingerprint of the call made with that key, if it was made."""
        return fingerprint_of(self.id, self.commands, key, recalled)

    def with_command(self, command: Command, recalled: Recalled = NOTHING) -> "FollowUp":
        """The same, remembering that a call was carried out."""
        commands = with_command(self.id, self.commands, command, recalled)
        return self.model_copy(update={"commands": commands})
