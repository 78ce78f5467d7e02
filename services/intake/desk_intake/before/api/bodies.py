"""What is asked before a ticket is logged, and the answers."""

from datetime import datetime
from typing import Annotated

from desk_contracts.events.feedback import Taken
from desk_contracts.events.knowledge import Endorsement
from desk_contracts.frozen import Frozen, example
from desk_platform.http import Name, RequiredName
from desk_platform.http.language import Statement
from pydantic import StringConstraints

from desk_intake.tickets.api.bodies import Body, Language, Title


class DraftTicket(Body):
    """What somebody is about to log."""

    model_config = example(title="VPN does not connect", device="laptop-17", service="vpn")

    title: Title
    """What is wrong or wanted, in a line."""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """Everything that helps to help."""
    service: Name = ""
    """Name or title of the service as in the status answer, if known."""
    device: Name = ""
    """The device concerned, if known."""
    language: Language = ""
    """Of the words (BCP 47); left out: that of the answer."""


class Match(Frozen):
    """Something that fits, and why."""

    id: str
    title: str
    likeness: float
    """From 0 to 1; 1 is the same text. 0 where it is not told, or the service alone is the same."""
    reasons: tuple[Statement, ...]


class ProblemMatch(Match):
    """A known problem or outage. Taking it joins it."""

    service: str
    message: str
    """What to know and to do meanwhile."""
    people: int
    """How many people reported it."""
    since: datetime


class ArticleMatch(Match):
    """An article, in the caller's language if it has it."""

    language: str
    endorsement: Endorsement
    endorsement_text: str
    """Whose word it is, as a sentence."""
    beginning: str
    """The first of its text, as it was written."""


class ItemMatch(Match):
    """Something of the catalogue that the caller may ask for."""

    description: str
    """What one gets, and what happens next."""
    ask_at: str
    """Where to ask for it."""


class SolvedMatch(Match):
    """A ticket whose solution was confirmed by whoever asked, or verified.

    One's own, for staff those that they may see. Of anybody else's only the article is shown that
    was made of it for everybody.
    """

    code: str | None
    """Of a ticket that the caller may see."""
    solution: str
    article: str | None
    """The article that was made of it, where that is what is shown."""


class CheckView(Frozen):
    """What is known before a ticket is logged, the best first."""

    problems: tuple[ProblemMatch, ...]
    articles: tuple[ArticleMatch, ...]
    items: tuple[ItemMatch, ...]
    solved: tuple[SolvedMatch, ...]
    is_complete: bool
    """False while the desk is still reading after a start: there may be more."""


class TakenInstead(DraftTicket):
    """What somebody takes of the answer, instead of logging what they meant to."""

    model_config = example(
        title="VPN does not connect", service="vpn", taken="problem", target="p-17"
    )

    taken: Taken
    """problem: they join it; article, item or ticket: it is what they need."""
    target: RequiredName
    """Its id, as the check gave it."""


class ContactView(Frozen):
    """What was noted."""

    id: str
    taken: Taken
    target: str
    at: datetime | None
    """Since when; null if the call is repeated when nothing of it is kept any more."""
    text: str
    """What comes of it, as a sentence."""
