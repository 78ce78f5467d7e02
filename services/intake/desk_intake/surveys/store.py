"""How invitations and follow-ups are kept, and fed by tickets and answers."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts.events.feedback import SurveyAnswered
from desk_contracts.events.tickets import TicketResolved
from desk_kernel import Context, Decision, Readings
from desk_platform.http import Cursors, Position
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_intake.surveys.decide import Sign, invite, open_follow_up, survey_id
from desk_intake.surveys.model import FollowUp, InvitedPerson, Sampling
from desk_intake.surveys.remind import remind_of_follow_up

INVITED = Schema(
    collection="invited",
    model=InvitedPerson,
    kept="one for each person",
)
FOLLOW_UPS = Schema(
    collection="follow_ups",
    model=FollowUp,
    facets=lambda item: {"team": item.team, "open": item.done_at is None, "due": item.due},
    searched=(("open", "due"), ("team", "open", "due")),
    kept="one for each low score, always: it is answered for",
)
# What the signature of a link is for; a cursor of a listing is none.
_LINK = "survey:link"

_person_of: Readings[str] = Readings("")
_survey_of: Readings[str] = Readings("")


@_person_of.on(TicketResolved)
def _requester(event: Event[TicketResolved]) -> str:
    return event.data.requester


@_survey_of.on(SurveyAnswered)
def _survey(event: Event[SurveyAnswered]) -> str:
    return survey_id(event.data.ticket, event.data.cycle)


def signer(cursors: Cursors) -> Sign:
    """Links that only a replica with the secret can make."""
    return lambda ticket, cycle: cursors.write(_LINK, Position(cycle, ticket))


def read_link(cursors: Cursors, token: str) -> tuple[str, int]:
    """The ticket and the cycle of a link; `BadRequest` for what was not made here."""
    position = cursors.read(_LINK, token)
    if not isinstance(position.sort, int):
        raise TypeError("a link is sorted by its cycle")
    return position.id, position.sort


def invitations_projection(
    documents: Documents[InvitedPerson], sampling: Sampling, sign: Sign
) -> Projection[InvitedPerson]:
    """A document for each person who was asked."""

    def keys(event: AnyEvent) -> Iterable[str]:
        person = _person_of(event)
        return (person,) if person else ()

    def react(
        before: InvitedPerson | None, event: AnyEvent, context: Context
    ) -> Decision[InvitedPerson] | None:
        return invite(before, event, context.now, sampling, sign)

    return Projection(documents, keys=keys, react=react)


def follow_ups_projection(documents: Documents[FollowUp]) -> Projection[FollowUp]:
    """A document for each survey with a low score."""

    def keys(event: AnyEvent) -> Iterable[str]:
        survey = _survey_of(event)
        return (survey,) if survey else ()

    def react(
        before: FollowUp | None, event: AnyEvent, _context: Context
    ) -> Decision[FollowUp] | None:
        return open_follow_up(before, event)

    def on_timer(follow_up: FollowUp | None, context: Context) -> Decision[FollowUp] | None:
        return None if follow_up is None else remind_of_follow_up(follow_up, context.now)

    return Projection(documents, keys=keys, react=react, on_timer=on_timer)
