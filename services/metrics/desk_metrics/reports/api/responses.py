"""`/v1/reports/systems/{service}/answers`: what an owner says to the last report about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from desk_charter import Charter
from desk_contracts.errors import Forbidden, Invalid, NotFound, Rejected
from desk_contracts.events.reports import Answer, Proposal
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_kernel.sight import Sight
from desk_platform.clock import Clock
from desk_platform.http import (
    STAFF,
    IdempotentCall,
    Name,
    Principal,
    RequestModel,
    RequiredText,
    Role,
    WrittenDay,
    check_same,
    require,
    require_key,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Cause
from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field, StringConstraints

from desk_metrics.reports.responses import (
    Answers,
    OwnerResponse,
    add_response,
    find_status,
    question,
    response_event,
)
from desk_metrics.reports.store import OwnerResponses

LONGEST_PLAN = timedelta(days=366)
Text = Annotated[str, RequiredText(2000)]
Service = Annotated[str, Path(max_length=200)]


class _ResponseBody(RequestModel):
    period: Name = ""
    """The report that is answered, for example 2026-W44/2026-W47; default: the last one."""


class Accepted(_ResponseBody):
    """It will be done."""

    model_config = example(
        answer="accepted", plan="A second gateway is bought.", target_date="2027-06-30"
    )

    answer: Literal["accepted"]
    plan: Text
    """What will be done."""
    target_date: WrittenDay
    """The day by which it will be done; until then the service is not reported again."""


class Refused(_ResponseBody):
    """It will not be done."""

    model_config = example(answer="rejected", reason="It is replaced in spring.")

    answer: Literal["rejected"]
    reason: Text
    """Why not."""


class Done(_ResponseBody):
    """It has been done; the weeks since are compared with those before."""

    model_config = example(answer="done", what="The second gateway runs.")

    answer: Literal["done"]
    what: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    """What was done."""


Body = Annotated[Accepted | Refused | Done, Field(discriminator="answer")]


class AnswerView(Frozen):
    """One answer, and what the desk does with it."""

    period: str
    """The report that was answered."""
    proposal: Proposal
    """What it proposed."""
    answer: Answer
    """What was answered."""
    at: datetime
    """When."""
    by: str
    """By whom."""
    text: str
    """The plan, the reason, or what was done."""
    target_date: date | None
    """The target date."""
    next: str
    """What happens next, as a sentence."""


class AnswersView(Frozen):
    """Where the reports about a service stand with its owner."""

    service: str
    """The service."""
    team: str
    """Its owner team."""
    status: str
    """Where it stands, as a sentence; empty if nothing is asked."""
    answers: tuple[AnswerView, ...]
    """All answers, the newest first."""


@dataclass(frozen=True, slots=True)
class AnswersDeps:
    """What the routes need."""

    responses: OwnerResponses
    commands: CommandQueue[Answers]
    charter: Callable[[], Charter]
    clock: Clock


def answers_router(deps: AnswersDeps) -> APIRouter:
    """The routes about answers."""
    router = APIRouter(prefix="/v1/reports/systems", tags=["reports"])

    @router.post("/{service}/answers", status_code=201, summary="Answer the last report")
    async def answer(
        request: Request,
        service: Service,
        body: Body,
        caller: Annotated[Principal, Depends(require(Role.MEMBER, Role.OWNER))],
        call: Annotated[IdempotentCall, Depends(require_key)],
    ) -> AnswerView:
        """Accept it with a plan and a day, reject it with a reason, or say that it is done."""
        team = _owner(deps.charter(), service, sight(request, caller))
        if caller.team != team and not caller.has_role(Role.OWNER):
            raise Forbidden(message("answers.not-yours", team=team, service=service), team=team)
        response = await _read_response(deps, service, body, caller.subject, call)
        return await _record_response(deps, service, team, response, call)

    @router.get("/{service}/answers")
    async def answers(
        request: Request,
        service: Service,
        caller: Annotated[Principal, Depends(require(*STAFF))],
    ) -> AnswersView:
        """Where the reports about a service stand, and all that was answered, newest first."""
        team = _owner(deps.charter(), service, sight(request, caller))
        proposal, given = (
            await deps.responses.find_asked(service),
            await deps.responses.load_answers(service),
        )
        return AnswersView(
            service=service,
            team=team,
            status=sentence(stands) if (stands := find_status(proposal, given.last)) else "",
            answers=tuple(map(_view, reversed(given.responses))),
        )

    return router


async def _record_response(
    deps: AnswersDeps, service: str, team: str, response: OwnerResponse, call: IdempotentCall
) -> AnswerView:
    def rule(before: Answers | None, _context: Context) -> Decision[Answers] | None:
        if before is not None and before.find(response.id) is not None:
            return None
        return Decision(add_response(before, response), (response_event(response, service, team),))

    stored = await deps.commands.change(service, rule, Cause(call.seed, content=call.fingerprint))
    recorded = response if stored.state is None else stored.state.find(response.id) or response
    check_same(call, recorded.fingerprint)
    return _view(recorded)


async def _read_response(
    deps: AnswersDeps, service: str, body: Body, by: str, call: IdempotentCall
) -> OwnerResponse:
    """The answer to keep; what was kept before under the same key, whatever has passed since."""
    id, now = derive_id(call.seed, "report-answer"), deps.clock.now()
    given = await deps.responses.load_answers(service)
    if (before := given.find(id)) is not None:
        return before
    pending = question(await deps.responses.find_asked(service), given.last)
    if pending is None:
        raise Rejected(message("answers.nothing-asked", service=service), code="nothing-asked")
    period, proposal, score = pending
    if body.period not in {"", period}:
        why = message("answers.another-report", period=period, other=body.period)
        raise Rejected(why, code="another-report", period=period)
    text, day = _text_of(body, now.date())
    return OwnerResponse(
        id, Answer(body.answer), now, by, text, period, proposal, score, day, call.fingerprint
    )


def _text_of(body: Body, today: date) -> tuple[str, date | None]:
    match body:
        case Accepted():
            if body.target_date <= today:
                raise Invalid(
                    message("answers.day-is-past", day=body.target_date), code="day-is-past"
                )
            if body.target_date - today > LONGEST_PLAN:
                raise Invalid(
                    message("answers.day-too-far", day=body.target_date), code="day-too-far"
                )
            return body.plan, body.target_date
        case Refused():
            return body.reason, None
        case Done():
            return body.what, None


def _owner(charter: Charter, service: str, seen: Sight) -> str:
    owner = next((item.owner for item in charter.services if item.name == service), None)
    if owner is None or seen.hides(service, owner):
        raise NotFound(message("answers.no-service", service=service), service=service)
    return owner


def _view(response: OwnerResponse) -> AnswerView:
    return AnswerView(
        period=response.period,
        proposal=response.proposal,
        answer=response.answer,
        at=response.at,
        by=response.by,
        text=response.text,
        target_date=response.target_date,
        next=_NEXT[response.answer].format(day=response.target_date),
    )


_NEXT = {
    Answer.ACCEPTED: "It is not reported again before {day}. If people do not lose clearly less"
    " time by then, it comes back and names the target date.",
    Answer.REJECTED: "It is reported again only when people lose half as much time again as now.",
    Answer.DONE: "The reports of the next four weeks compare the days since with the weeks before"
    " and say whether it helped.",
}
