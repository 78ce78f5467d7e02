"""Who is reminded of a follow-up that is past its day, and when. Pure.

The member who had the ticket first, and a day later their team; the team alone where no member had
it. Each once: who was reminded and did nothing is not moved by a second message.
"""

from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events.feedback import FollowUpReminded, Reminded
from desk_contracts.ids import derive_id
from desk_kernel import Decision

from desk_intake.surveys.model import TEAM_REMINDED_AFTER, FollowUp
from desk_intake.tickets.record import SOURCE


def next_reminder(follow_up: FollowUp) -> tuple[datetime, Reminded] | None:
    """When who is reminded next; None once it is done, or everybody was."""
    if follow_up.done_at is not None or follow_up.team_reminded_at is not None:
        return None
    if follow_up.reminded_at is not None:
        return follow_up.reminded_at + TEAM_REMINDED_AFTER, Reminded.TEAM
    return follow_up.due, Reminded.OWNER if follow_up.member else Reminded.TEAM


def remind_of_follow_up(follow_up: FollowUp, now: datetime) -> Decision[FollowUp]:
    """Reminds whoever is to be reminded by now; one at a time, however late the timer fires."""
    following = next_reminder(follow_up)
    if following is None:
        return Decision(follow_up)
    at, to = following
    if now < at:
        return Decision(follow_up, due=at)
    field = "reminded_at" if to is Reminded.OWNER else "team_reminded_at"
    after = follow_up.model_copy(update={field: now})
    data = FollowUpReminded(
        follow_up=follow_up.id,
        ticket=follow_up.ticket,
        cycle=follow_up.cycle,
        score=follow_up.score,
        service=follow_up.service,
        team=follow_up.team,
        member=follow_up.member,
        due=follow_up.due,
        to=to,
    )
    event: AnyEvent = Event(
        id=derive_id(follow_up.id, f"reminded/{to}"),
        source=SOURCE,
        subject=follow_up.ticket,
        time=now,
        data=data,
    )
    later = next_reminder(after)
    return Decision(after, (event,), later[0] if later else None)
