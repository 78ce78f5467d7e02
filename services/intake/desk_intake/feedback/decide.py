"""What people say of the desk itself: how a ticket went, what they miss, what they can do without.

A document for each survey (a ticket and how often it had been reopened) and for each wish. It is
not a part of the ticket: an opinion moves no clock and reopens nothing.
"""

from collections.abc import Callable
from datetime import datetime

from desk_contracts import Event
from desk_contracts.envelope import Payload
from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.events.feedback import DemandObsoleteReported, DemandRequested, SurveyAnswered
from desk_contracts.events.tickets import State
from desk_contracts.ids import derive_id
from desk_contracts.message import Param, message
from desk_contracts.text import name_of

from desk_intake.tickets.calls import NOTHING, Command, Recalled, fingerprint_of, with_command
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Part, Ticket
from desk_intake.tickets.record import Cause, emit

Statement = SurveyAnswered | DemandRequested | DemandObsoleteReported
_DONE = frozenset({State.RESOLVED, State.CLOSED})


class Feedback(Part):
    """The last word on one matter, and the calls it came from."""

    id: str
    statement: Statement
    at: datetime
    # The link in the mail was used: it gives one answer.
    is_link_used: bool = False
    commands: tuple[Command, ...] = ()

    def find_fingerprint(self, key: str, recalled: Recalled = NOTHING) -> str | None:
        """The fingerprint of the call made with that key, if it was made."""
        return fingerprint_of(self.id, self.commands, key, recalled)

    def with_command(self, command: Command, recalled: Recalled = NOTHING) -> "Feedback":
        """The same, remembering that a call was carried out."""
        commands = with_command(self.id, self.commands, command, recalled)
        return self.model_copy(update={"commands": commands})


def survey_of(ticket: Ticket) -> str:
    """One survey for each time that a ticket was resolved for good, or seemed to be."""
    return derive_id(ticket.id, "survey", ticket.reopened)


def may_answer(ticket: Ticket, actor: Actor) -> None:
    """Refuse those who were not helped, and tickets that are not done."""
    if ticket.requester != actor.id:
        raise Forbidden(message("refused.survey-of-others", code=ticket.code))
    if ticket.state not in _DONE:
        facts: dict[str, Param] = {"code": ticket.code, "state": ticket.state}
        why = message("refused.survey-too-early", **facts)
        if ticket.state is State.MERGED:
            why = message("refused.survey-of-merged", **facts)
        raise Rejected(
            why,
            code="wrong-state",
            state=ticket.state.value,
            allowed=sorted(state.value for state in _DONE),
        )


def is_own_work(ticket: Ticket, actor: Actor) -> bool:
    """Whether somebody of the desk rates what they solved themselves: kept, and not counted."""
    return actor.is_staff and actor.id in (ticket.resolved_by, ticket.member)


class Opinion(Part):
    """What somebody says of how it went."""

    score: int
    comment: str = ""
    language: str = ""
    lost_minutes: int | None = None


def survey(ticket: Ticket, actor: Actor, opinion: Opinion) -> Callable[[int], SurveyAnswered]:
    """The answer, for whichever revision it will be; the ticket as it is known now goes with it."""

    def at(revision: int) -> SurveyAnswered:
        return SurveyAnswered(
            ticket=ticket.id,
            cycle=ticket.reopened,
            revision=revision,
            score=opinion.score,
            comment=opinion.comment,
            lost_minutes=opinion.lost_minutes,
            by=ticket.requester,
            language=opinion.language or ticket.language,
            kind=ticket.kind.value,
            service=ticket.service,
            team=ticket.team,
            member=ticket.member,
            site=ticket.site,
            device=ticket.device,
            counted=not is_own_work(ticket, actor),
        )

    return at


def revision_of(feedback: Feedback | None) -> int:
    """How many answers there were before."""
    statement = feedback.statement if feedback else None
    return statement.revision if isinstance(statement, SurveyAnswered) else 0


def subject_of(statement: Statement) -> str:
    """The key of its event: what belongs together stays in order."""
    match statement:
        case SurveyAnswered():
            return statement.ticket
        case DemandObsoleteReported():
            return statement.service
        case DemandRequested():
            return name_of(statement.what) or statement.what


def state_anew(
    id: str, statement: Statement, cause: Cause
) -> tuple[Feedback, tuple[Event[Payload], ...]]:
    """The feedback as it stands now, and the event that says so."""
    event = emit(cause, statement, about=id, subject=subject_of(statement), at=cause.at)
    return Feedback(id=id, statement=statement, at=cause.at), (event,)
