"""The link of a survey, which needs no sign-in, and what is owed to those who were unhappy."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Protocol

from desk_contracts.errors import NotFound, Rejected
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_kernel.sight import Sight
from desk_platform.http import (
    PUBLIC,
    STAFF,
    BadRequest,
    IdempotentCall,
    Page,
    PageRequest,
    Principal,
    RequiredText,
    check_same,
    find_visible,
    place_of,
    require,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.store import Documents, Stored
from desk_platform.store.listings import Listed
from desk_platform.store.pages import After
from desk_platform.telemetry import current_traceparent
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from desk_intake.feedback.api import Comment, FeedbackDeps, Language
from desk_intake.feedback.decide import (
    Feedback,
    Opinion,
    may_answer,
    revision_of,
    state_anew,
    survey,
)
from desk_intake.surveys.decide import finish_follow_up, survey_id
from desk_intake.surveys.model import LINK_LASTS, FollowUp
from desk_intake.surveys.store import read_link
from desk_intake.tickets.api.bodies import Body
from desk_intake.tickets.api.calls import Call, cause_of_call, command_of, once, origin_of
from desk_intake.tickets.api.listing import AskedPage
from desk_intake.tickets.calls import Recalled
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause

Token = Annotated[str, Path(max_length=400, description="The end of the link in the mail.")]
Staff = Annotated[Principal, Depends(require(*STAFF))]


class SurveyLinkAnswer(Body):
    """How it went, in one click or a little more."""

    model_config = example(score=5, comment="Quick and friendly.", lost_minutes=30)

    score: Annotated[int, Field(ge=1, le=5)]
    """1: very unhappy, 2: unhappy, 3: neither, 4: happy, 5: very happy."""
    comment: Comment = ""
    """What was good or bad."""
    lost_minutes: Annotated[int, Field(ge=0, le=60_000)] | None = None
    """How much of your working time it cost you, in minutes; left out if you do not want to say."""
    language: Language = ""
    """Language of the comment (BCP 47); left out: that of the ticket."""


class SurveyView(Frozen):
    """What is asked; whoever has the link reads no more of the ticket than this."""

    code: str
    title: str
    resolved_at: datetime | None
    until: datetime | None
    """After this moment the link is worth nothing."""
    is_answered: bool
    question: str
    """How happy the person is."""
    question_of_time: str
    """How much working time it cost them; nobody has to say."""


class FollowUpView(Frozen):
    """What a team owes to somebody who was unhappy."""

    id: str
    ticket: str
    score: int
    comment: str
    language: str
    service: str
    team: str
    member: str
    opened_at: datetime
    due: datetime
    done_at: datetime | None
    done_by: str
    outcome: str
    reminded_at: datetime | None
    """When its member was reminded that it is past its day."""
    team_reminded_at: datetime | None
    """When the team was."""


class Outcome(Body):
    """What was found out and done."""

    model_config = example(outcome="We called. The new laptop had no VPN profile; it has one now.")

    outcome: Annotated[str, RequiredText(4_000)]


class FollowUpChanges(Protocol):
    """The way to change one follow-up."""

    async def change(
        self, id: str, rule: "FollowUpRule", *, is_first: bool = False
    ) -> Stored[FollowUp]: ...


class FollowUpRule(Protocol):
    """What becomes of one."""

    def __call__(self, state: FollowUp | None, context: Context) -> Decision[FollowUp] | None: ...


@dataclass(frozen=True, slots=True)
class SurveyDeps:
    """What the routes need."""

    feedback: FeedbackDeps
    follow_ups: Documents[FollowUp]
    changes: FollowUpChanges


def surveys_router(deps: SurveyDeps) -> APIRouter:
    """The link in the mail: what is asked, and the answer. It works once, for two weeks."""
    router = APIRouter(prefix="/v1/surveys", tags=["feedback"], dependencies=[Depends(PUBLIC)])

    @router.get("/{token}", summary="What a survey's link asks")
    async def show_survey(token: Token) -> SurveyView:
        """The questions, in the reader's language, and which ticket they are about."""
        ticket = await _find_ticket(deps, token)
        id, resolved_at = survey_id(ticket.id, ticket.reopened), ticket.resolved_at
        stored = (await deps.feedback.documents.load([id])).get(id)
        state = stored.read() if stored else None
        return SurveyView(
            code=ticket.code,
            title=ticket.title,
            resolved_at=resolved_at,
            until=resolved_at + LINK_LASTS if resolved_at else None,
            is_answered=state is not None and state.is_link_used,
            question=sentence(message("survey.question", code=ticket.code)),
            question_of_time=sentence(message("survey.question-of-time")),
        )

    @router.post("/{token}", summary="Answer a survey by its link")
    async def answer_by_link(request: Request, token: Token, body: SurveyLinkAnswer) -> SurveyView:
        """One answer; the same again changes nothing, and another one is refused."""
        ticket = await _find_ticket(deps, token)
        person = Actor(ticket.requester, is_staff=False)
        may_answer(ticket, person)
        opinion = Opinion.model_validate(body.model_dump())
        id = survey_id(ticket.id, ticket.reopened)
        await deps.feedback.changes.change(id, partial(_answer_once, request, ticket, opinion))
        return await show_survey(token)

    return router


def follow_ups_router(deps: SurveyDeps) -> APIRouter:
    """What is owed to those who were unhappy."""
    router = APIRouter(prefix="/v1/follow-ups", tags=["feedback"])

    @router.get("", summary="Follow-ups, the next one due first")
    async def list_follow_ups(
        request: Request,
        caller: Staff,
        page: AskedPage,
        team: Annotated[str, Query(max_length=100, description="Of one team.")] = "",
        open: Annotated[bool, Query(description="Open ones, or those that are done.")] = True,  # noqa: A002
    ) -> Page[FollowUpView]:
        """What a team owes to those who were unhappy with its tickets."""
        seen = sight(request, caller)
        named = deps.feedback.tickets.charter().name_team(team)
        facets: dict[str, object] = {"open": open} | ({"team": named} if team else {})
        return await _list(deps, page, facets, seen)

    @router.post("/{follow_up}/done", summary="Say what was found out and done")
    async def finish(
        request: Request, follow_up: Annotated[str, Path(max_length=100)], body: Outcome,
        caller: Staff, call: Call,
    ) -> FollowUpView:  # fmt: skip
        """The follow-up is done; what is said here is kept."""
        rule = _Finish(
            request, follow_up, caller.subject, sight(request, caller), call, body.outcome
        )
        stored = await once(
            deps.feedback.tickets,
            call,
            lambda recalled: deps.changes.change(follow_up, partial(rule.decide, recalled)),
        )
        if stored.state is None:
            raise LookupError(f"the rule left no follow-up {follow_up}")
        return _view(stored.state)

    return router


@dataclass(frozen=True, slots=True)
class _Finish:
    """One call that says what was done, once however often it is made."""

    request: Request
    id: str
    by: str
    seen: Sight
    call: IdempotentCall
    outcome: str

    def decide(
        self, recalled: Recalled, state: FollowUp | None, context: Context
    ) -> Decision[FollowUp] | None:
        call = self.call
        if state is None or self.seen.hides(state.service, state.team):
            raise NotFound(message("refused.no-such-follow-up"), id=self.id)
        if (fingerprint := state.find_fingerprint(call.seed, recalled)) is not None:
            check_same(call, fingerprint)
            return None
        cause = cause_of_call(origin_of(self.request), call, self.id, context)
        after, events, _ = finish_follow_up(state, self.by, self.outcome, cause)
        return Decision(after.with_command(command_of(call, context), recalled), events)


async def _find_ticket(deps: SurveyDeps, token: str) -> Ticket:
    tickets = deps.feedback.tickets
    try:
        id, cycle = read_link(tickets.cursors, token)
    except BadRequest as error:
        raise NotFound(message("refused.no-such-survey"), code="no-such-survey") from error
    stored = (await tickets.tickets.load([id])).get(id)
    ticket = None if stored is None else stored.read()
    if ticket is None:
        raise NotFound(message("refused.no-such-survey"), code="no-such-survey")
    if ticket.reopened != cycle or ticket.resolved_at is None:
        raise _over(ticket)
    if tickets.clock.now() > ticket.resolved_at + LINK_LASTS:
        raise _over(ticket)
    return ticket


def _over(ticket: Ticket) -> Rejected:
    return Rejected(message("refused.survey-over", code=ticket.code), code="survey-over")


def _answer_once(
    request: Request, ticket: Ticket, opinion: Opinion, state: Feedback | None, context: Context
) -> Decision[Feedback] | None:
    """What was said by the link before stands."""
    # Whoever solved a ticket is no judge of it, with or without a sign-in.
    person = Actor(ticket.requester, is_staff=True)
    answered = survey(ticket, person, opinion)(revision_of(state) + 1)
    if state is not None and state.is_link_used:
        fields = {"score", "comment", "lost_minutes"}
        if state.statement.model_dump(include=fields) == answered.model_dump(include=fields):
            return None
        raise Rejected(message("refused.survey-used", code=ticket.code), code="survey-used")
    id = survey_id(ticket.id, ticket.reopened)
    cause = Cause(
        derive_id(id, "link"),
        context.now,
        request.scope.get("desk.correlation_id", ""),
        current_traceparent() or "",
    )
    feedback, events = state_anew(id, answered, cause)
    before = state.commands if state else ()
    return Decision(feedback.model_copy(update={"is_link_used": True, "commands": before}), events)


async def _list(
    deps: SurveyDeps, page: PageRequest, facets: dict[str, object], seen: Sight
) -> Page[FollowUpView]:
    cursors, listing = deps.feedback.tickets.cursors, f"follow-ups {sorted(facets.items())}"
    position = cursors.read(listing, page.cursor) if page.cursor else None

    async def find(after: After | None, limit: int) -> list[Listed[FollowUp]]:
        return await deps.follow_ups.find_brief(facets, order="due", after=after, limit=limit)

    def may_see(listed: Listed[FollowUp]) -> bool:
        state = listed.state
        return state is not None and not seen.hides(state.service, state.team)

    after = (position.sort, position.id) if position else None
    rows = await find_visible(find, may_see, after, page.limit)
    shown = rows[: page.limit]
    following = cursors.write(listing, place_of(shown[-1])) if len(rows) > page.limit else None
    items = tuple(_view(row.state) for row in shown if row.state is not None)
    return Page(items=items, next=following)


def _view(item: FollowUp) -> FollowUpView:
    return FollowUpView.model_validate(item.model_dump(exclude={"cycle", "commands"}))
