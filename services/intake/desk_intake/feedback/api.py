"""How it went, what is missing, what nobody needs: people's word on the desk and its services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Protocol

from desk_charter import Charter
from desk_contracts.errors import Invalid
from desk_contracts.events.feedback import DemandObsoleteReported, DemandRequested, SurveyAnswered
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import SINGLE_LINE, RequiredText, check_same
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.store import Documents, Stored
from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from desk_intake.feedback.decide import (
    Feedback,
    Opinion,
    Statement,
    may_answer,
    revision_of,
    state_anew,
    survey,
    survey_of,
)
from desk_intake.tickets.api.bodies import Body
from desk_intake.tickets.api.calls import (
    Call,
    Caller,
    actor_of,
    cause_of_call,
    command_of,
    find,
    once,
    origin_of,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.calls import Recalled
from desk_intake.tickets.lifecycle import Actor

FeedbackRule = Callable[[Feedback | None, Context], Decision[Feedback] | None]


class FeedbackChanges(Protocol):
    """The way to note what somebody says; answers when it is safe in the store."""

    async def change(
        self, id: str, rule: FeedbackRule, *, is_first: bool = False
    ) -> Stored[Feedback]: ...


Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Language = Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")]


class NewSurveyAnswer(Body):
    """How a ticket went, for the person who asked."""

    model_config = example(score=5, comment="Quick and friendly.")

    score: Annotated[int, Field(ge=1, le=5)]
    """1: very unhappy, 2: unhappy, 3: neither, 4: happy, 5: very happy."""
    comment: Comment = ""
    """What was good or bad."""
    language: Language = ""
    """Language of the comment (BCP 47); left out: that of the ticket."""
    lost_minutes: Annotated[int, Field(ge=0, le=60_000)] | None = None
    """How much of your working time it cost you, in minutes; left out if you do not want to say."""


class SurveyAnswerView(Frozen):
    """What stands now."""

    ticket: str
    score: int
    comment: str
    answered_at: datetime
    replaces_earlier: bool
    """Whether there was an earlier answer, which this one replaces."""
    counted: bool
    """False where a member rates what they solved themselves: it is kept, and is in no score."""


class About(StrEnum):
    """What is said of a service."""

    DEMAND = "demand"
    OBSOLETE = "obsolete"


class NewFeedback(Body):
    """What is missing, or can go."""

    model_config = example(about="demand", what="A quiet room to call from", reason="Home office.")

    about: About
    """demand: something is missing; obsolete: a service is no longer of use to the caller."""
    what: Annotated[str, RequiredText(200), SINGLE_LINE]
    """What is wanted, in a few words; or the name of the obsolete service as the status says it."""
    reason: Comment = ""
    """What it is or was for."""
    language: Language = "en"
    """Language of the words (BCP 47)."""


class FeedbackView(Frozen):
    """What was noted."""

    id: str
    about: About
    what: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedbackDeps:
    """What the routes need."""

    tickets: TicketDeps
    changes: FeedbackChanges
    documents: Documents[Feedback]


def feedback_router(deps: FeedbackDeps) -> APIRouter:
    """Where people say how it went, what they miss, and what can go."""
    router = APIRouter(prefix="/v1", tags=["feedback"])

    @router.post("/tickets/{ticket}/feedback", summary="Say how it went")
    async def answer_survey(
        request: Request, ticket: str, body: NewSurveyAnswer, caller: Caller, call: Call
    ) -> SurveyAnswerView:
        """For whoever asked, once the ticket is resolved; the last answer counts."""
        actor = actor_of(request, caller)
        rated = await find(deps.tickets, ticket, actor)
        may_answer(rated, actor)
        said_at = survey(rated, actor, Opinion.model_validate(body.model_dump()))
        return _view(await _state_again(deps, request, call, survey_of(rated), said_at))

    @router.post("/feedback", status_code=201, summary="Ask for a service, or say it can go")
    async def give_feedback(
        request: Request, body: NewFeedback, caller: Caller, call: Call
    ) -> FeedbackView:
        """What people miss, and what is no longer of use to them; owners see both in reports."""
        id = derive_id(call.seed, "feedback-of-call")
        statement = _say_again(deps.tickets.charter(), id, body, actor_of(request, caller))
        feedback = await _state_again(
            deps, request, call, id, lambda _revision: statement, is_first=True
        )
        return FeedbackView(
            id=id, about=body.about, what=body.what, reason=body.reason, at=feedback.at
        )

    return router


def _view(feedback: Feedback) -> SurveyAnswerView:
    statement = feedback.statement
    if not isinstance(statement, SurveyAnswered):
        raise TypeError(f"feedback {feedback.id} is no survey")
    return SurveyAnswerView(
        ticket=statement.ticket,
        score=statement.score,
        comment=statement.comment,
        answered_at=feedback.at,
        replaces_earlier=statement.revision > 1,
        counted=statement.counted,
    )


def _say_again(charter: Charter, id: str, body: NewFeedback, actor: Actor) -> Statement:
    by = actor.id
    if body.about is About.DEMAND:
        return DemandRequested(
            feedback=id, what=body.what, reason=body.reason, by=by, language=body.language or "en"
        )
    service = charter.service_called(body.what)
    if service is None or actor.sight.hides(service.name):
        raise Invalid(
            message("refused.unknown-service", service=body.what),
            code="unknown-service",
            service=body.what,
        )
    return DemandObsoleteReported(
        feedback=id, service=service.name, reason=body.reason, by=by, language=body.language or "en"
    )


async def _state_again(
    deps: FeedbackDeps,
    request: Request,
    call: IdempotentCall,
    id: str,
    said_at: Callable[[int], Statement],
    *,
    is_first: bool = False,
) -> Feedback:
    """The feedback, safe in the store; a call that was carried out before does nothing."""

    def rule(
        recalled: Recalled, state: Feedback | None, context: Context
    ) -> Decision[Feedback] | None:
        fingerprint = state.find_fingerprint(call.seed, recalled) if state else None
        if fingerprint is not None:
            check_same(call, fingerprint)
            return None
        statement = said_at(revision_of(state) + 1)
        feedback, events = state_anew(
            id, statement, cause_of_call(origin_of(request), call, id, context)
        )
        before = state.commands if state else ()
        kept = feedback.model_copy(update={"commands": before})
        return Decision(kept.with_command(command_of(call, context), recalled), events)

    stored = await once(
        deps.tickets,
        call,
        lambda recalled: deps.changes.change(id, partial(rule, recalled), is_first=is_first),
    )
    if stored.state is None:
        raise LookupError(f"the rule left no feedback {id}")
    return stored.state
