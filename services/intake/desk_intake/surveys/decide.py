"""Who is asked how it went, which answers need looking after, and when that is done."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from desk_contracts import AnyEvent, derive
from desk_contracts.errors import Rejected
from desk_contracts.events.feedback import (
    FollowUpDone,
    FollowUpOpened,
    SurveyAnswered,
    SurveyInvited,
)
from desk_contracts.events.tickets import How, TicketResolved
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Decision

from desk_intake.surveys.model import (
    FOLLOW_UP_WITHIN,
    LINK_LASTS,
    LOW_SCORE,
    FollowUp,
    InvitedPerson,
    Sampling,
)
from desk_intake.tickets.record import SOURCE, Cause, emit

# Of what was solved longer ago nobody is asked: the log is being read again.
_RECENTLY = timedelta(days=1)
_ASKED_ABOUT = frozenset({How.MEMBER, How.AUTOMATION})
# Gives the text that proves that a link was made here, for a ticket and its cycle.
Sign = Callable[[str, int], str]


def invite(
    before: InvitedPerson | None,
    event: AnyEvent,
    now: datetime,
    sampling: Sampling,
    sign: Sign,
) -> Decision[InvitedPerson] | None:
    """Whether the person is asked: drawn by the ticket's id, and never again within the window.

    Not about what they solved themselves, nor what ended with a problem: that is hundreds at once.
    """
    data = event.data
    if not isinstance(data, TicketResolved):
        return None
    if data.how not in _ASKED_ABOUT or data.by == data.requester or now - event.time > _RECENTLY:
        return None
    survey = survey_id(event.subject, data.cycle)
    if not is_drawn(survey, sampling.share):
        return None
    if before is not None and (before.survey == survey or now - before.at < sampling.every):
        return None
    invited = SurveyInvited(
        ticket=event.subject,
        cycle=data.cycle,
        person=data.requester,
        token=sign(event.subject, data.cycle),
        until=now + LINK_LASTS,
    )
    emitted = derive(event, invited, source=SOURCE, subject=event.subject, rule="survey", at=now)
    return Decision(InvitedPerson(survey=survey, at=now), (emitted,))


def survey_id(ticket: str, cycle: int) -> str:
    """One survey for each time that a ticket was resolved."""
    return derive_id(ticket, "survey", cycle)


def is_drawn(survey: str, share: float) -> bool:
    """Whether a survey is among the share that is asked; the same whoever draws and whenever."""
    return UUID(survey).int < share * 2**128


def open_follow_up(before: FollowUp | None, event: AnyEvent) -> Decision[FollowUp] | None:
    """One for each survey with a low score, whatever is answered later."""
    data = event.data
    if not isinstance(data, SurveyAnswered):
        return None
    if before is not None or data.score > LOW_SCORE or not data.counted:
        return None
    follow_up = FollowUp(
        id=survey_id(data.ticket, data.cycle),
        ticket=data.ticket,
        cycle=data.cycle,
        score=data.score,
        comment=data.comment,
        language=data.language,
        service=data.service,
        team=data.team,
        member=data.member,
        opened_at=event.time,
        due=event.time + FOLLOW_UP_WITHIN,
    )
    opened = FollowUpOpened(
        follow_up=follow_up.id,
        ticket=data.ticket,
        cycle=data.cycle,
        score=data.score,
        comment=data.comment,
        language=data.language,
        service=data.service,
        team=data.team,
        member=data.member,
        due=follow_up.due,
    )
    emitted = derive(
        event, opened, source=SOURCE, subject=data.ticket, rule="follow-up", at=event.time
    )
    return Decision(follow_up, (emitted,), follow_up.due)


def finish_follow_up(
    follow_up: FollowUp, by: str, outcome: str, cause: Cause
) -> Decision[FollowUp]:
    """The team says what it found out and did; `Rejected` if that was said before."""
    if follow_up.done_at is not None:
        raise Rejected(
            message("refused.follow-up-done", by=follow_up.done_by), code="follow-up-done"
        )
    done = FollowUpDone(
        follow_up=follow_up.id,
        ticket=follow_up.ticket,
        cycle=follow_up.cycle,
        by=by,
        outcome=outcome,
        late=cause.at > follow_up.due,
    )
    event = emit(cause, done, about=follow_up.id, subject=follow_up.ticket, at=cause.at)
    after = {"done_at": cause.at, "done_by": by, "outcome": outcome}
    return Decision(follow_up.model_copy(update=after), (event,))
