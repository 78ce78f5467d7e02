"""What is remembered of a person's latest tickets, so that one asked twice is seen."""

from datetime import datetime, timedelta

from desk_contracts.value_types import Identifier, Value

# A document stays below 16 KB, whatever one person writes.
MAX_RECENT = 10
MAX_TEXT = 1_000
# After that the same words are a new trouble.
REPEATED_WITHIN = timedelta(days=7)


class RecentTicket(Value):
    """One ticket of the person. The digest is of all that was written, the text may be cut.

    `repeats` is the ticket that it was told to repeat.
    """

    id: Identifier
    code: str
    title: str
    text: str
    digest: str
    opened_at: datetime
    repeats: str = ""


class PersonTickets(Value):
    """The latest tickets of one person, the newest last."""

    recent: tuple[RecentTicket, ...] = ()
