"""`desk.feedback`: how a ticket went for who asked, what people miss, what they no longer use,
what helped them without a ticket.

Written by intake. Key: the ticket of a survey, the article that is rated, the prevented contact,
the problem that people joined without a ticket, else the service or the thing wanted.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.problems import ProblemEnd
from desk_contracts.message import Message
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import Identifier, LongText, ShortText

Score = Annotated[int, Field(ge=1, le=5, description="1: very unhappy; 5: very happy.")]


class SurveyAnswered(Payload, type="desk.survey.answered.v1", topic=names.FEEDBACK):
    """The person who asked says how it went. A later answer replaces an earlier one."""

    ticket: Identifier
    cycle: int = Field(ge=0, description="How often the ticket had been reopened by then.")
    revision: int = Field(ge=1, description="Which answer about this cycle; the highest counts.")
    score: Score
    comment: LongText = ""
    by: PersonId
    language: str = Field(default="en", description="Of the comment, BCP 47.")
    kind: str = Field(default="", description="The ticket as it was known when answered.")
    service: str = ""
    team: str = ""
    site: str = ""
    device: str = ""
    member: OptionalPerson = Field(default="", description="Who had the ticket.")
    lost_minutes: int | None = Field(
        default=None,
        ge=0,
        le=60_000,
        description="How much working time it cost them, as they say; none if they do not say.",
    )
    counted: bool = Field(
        default=True,
        description="False where somebody of the desk rates what they solved themselves: it is"
        " kept, and counts in no score.",
    )


class SurveyInvited(Payload, type="desk.survey.invited.v1", topic=names.FEEDBACK):
    """The person who asked is to be asked how it went. Only a few are, and nobody often."""

    ticket: Identifier
    cycle: int = Field(ge=0, description="How often the ticket had been reopened by then.")
    person: PersonId
    token: str = Field(
        description="What the link ends with: it gives one answer about this ticket, and nothing"
        " to read but its code and title."
    )
    until: datetime = Field(description="The token is worth nothing after this moment.")


class FollowUpOpened(Payload, type="desk.follow-up.opened.v1", topic=names.FEEDBACK):
    """Somebody was unhappy: their team is to find out why, by a day."""

    follow_up: Identifier
    ticket: Identifier
    cycle: int = Field(ge=0)
    score: Score
    comment: LongText = ""
    language: str = "en"
    service: str = ""
    team: str = Field(default="", description="Who owns it; empty if no team had the ticket.")
    member: OptionalPerson = Field(default="", description="Who of the team had the ticket.")
    due: datetime


class FollowUpDone(Payload, type="desk.follow-up.done.v1", topic=names.FEEDBACK):
    """What the team found out, and what it did."""

    follow_up: Identifier
    ticket: Identifier
    cycle: int = Field(ge=0)
    by: PersonId
    outcome: LongText
    late: bool = Field(default=False, description="Whether it was due before.")


class Reminded(StrEnum):
    """Whom a reminder is for: who is to act, or their team, a day later."""

    OWNER = "owner"
    TEAM = "team"


class FollowUpReminded(Payload, type="desk.follow-up.reminded.v1", topic=names.FEEDBACK):
    """A follow-up is past its day and not done. Each is reminded of once."""

    follow_up: Identifier
    ticket: Identifier
    cycle: int = Field(ge=0)
    score: Score
    service: str = ""
    team: str = Field(default="", description="Empty if no team had the ticket.")
    member: OptionalPerson = Field(default="", description="Who of the team had the ticket.")
    due: datetime = Field(description="By when it was owed.")
    to: Reminded = Field(
        description="`owner`: the member; `team`: their team, else that of the service."
    )


class DemandRequested(Payload, type="desk.demand.requested.v1", topic=names.FEEDBACK):
    """Somebody asks for what is not offered yet."""

    feedback: Identifier
    what: ShortText
    reason: LongText = ""
    by: PersonId
    language: str = "en"


class DemandObsoleteReported(
    Payload, type="desk.demand.obsolete-reported.v1", topic=names.FEEDBACK
):
    """Somebody no longer has any use for a service."""

    feedback: Identifier
    service: Identifier
    reason: LongText = ""
    by: PersonId
    language: str = "en"


class ArticleRated(Payload, type="desk.article.rated.v1", topic=names.FEEDBACK):
    """Whether an article helped somebody. Of one person's ratings of it the last one counts."""

    article: Identifier
    revision: int = Field(ge=1, description="The revision of the article that they read.")
    rating: int = Field(ge=1, description="Which rating of this person; the highest counts.")
    helped: bool
    by: PersonId


class Taken(StrEnum):
    """What somebody took instead of logging a ticket."""

    PROBLEM = "problem"
    ARTICLE = "article"
    ITEM = "item"
    TICKET = "ticket"


class ContactPrevented(Payload, type="desk.contact.prevented.v1", topic=names.FEEDBACK):
    """Somebody was about to log a ticket and says that what was found is enough.

    Their words are in no event. `taken` and `target` are the evidence: what they took instead.
    """

    contact: Identifier
    by: PersonId
    taken: Taken
    target: Identifier = Field(description="Id of the problem, article, item or solved ticket.")
    service: str = ""
    device: str = ""


class ContactReturned(Payload, type="desk.contact.returned.v1", topic=names.FEEDBACK):
    """The same person logged the same within seven days: that contact was not prevented."""

    contact: Identifier
    by: PersonId
    ticket: Identifier
    likeness: FiniteFloat = Field(ge=0, le=1, description="Of what they asked then and wrote now.")


class ContactEnded(Payload, type="desk.contact.ended.v1", topic=names.FEEDBACK):
    """A problem is over that people joined without a ticket: they are told, as those with one.

    Merged it goes on as another one: they are in that now, and hear nothing yet.
    """

    problem: Identifier
    title: Message
    resolution: Message = Field(description="What is said of its end.")
    is_solved: bool = Field(description="False if reports only stopped, or it was none.")
    end: ProblemEnd | None = Field(default=None, description="As the problem's own event has it.")
    merged_into: str = Field(
        default="", description="The problem that goes on, where `end` is merged."
    )
    people: tuple[PersonId, ...] = Field(description="Who joined it, and is told.")


class DemandReminded(Payload, type="desk.demand.reminded.v1", topic=names.FEEDBACK):
    """People wait for an answer to what they asked for, past its day. It is reminded of once."""

    demand: Identifier
    what: ShortText
    service: str = Field(default="", description="The one that can go; empty where one is missing.")
    votes: int = Field(ge=1, description="How many people say so.")
    due: datetime = Field(description="By when the answer was owed.")


class DemandVerdict(StrEnum):
    """What becomes of what people wish for."""

    PLANNED = "planned"
    DONE = "done"
    DECLINED = "declined"


class DemandAnswered(Payload, type="desk.demand.answered.v1", topic=names.FEEDBACK):
    """Those who miss something, or no longer need a service, hear what becomes of it."""

    demand: Identifier
    what: ShortText
    verdict: DemandVerdict
    text: LongText = Field(description="What is done and when, or why not.")
    by: PersonId
    people: tuple[PersonId, ...] = Field(description="Who asked, and is told.")
