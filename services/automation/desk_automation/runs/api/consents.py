"""What a person is asked before their device is touched, and their answer."""

from datetime import datetime
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.events.automation import ConsentAnswer
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import (
    SINGLE_LINE,
    IdempotentCall,
    Principal,
    RequestModel,
    RequiredText,
    Role,
    require,
    require_key,
)
from desk_platform.http.language import sentence
from desk_platform.kafka.unit_of_work import Cause
from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field

from desk_automation.runs.api.views import STAFF_OF_RUNS, RunsApi
from desk_automation.runs.consenting import record_reply
from desk_automation.runs.decide import steps_of
from desk_automation.runs.description import describe_run
from desk_automation.runs.model import Run
from desk_automation.safety.consent import Consent, PersonReply

# Questions that wait for one person, at most; each is about a device of theirs.
_MOST = 100
Caller = Annotated[Principal, Depends(require(Role.EMPLOYEE, *STAFF_OF_RUNS))]
Call = Annotated[IdempotentCall, Depends(require_key)]


class ConsentReply(RequestModel):
    """Now, later, or no, to one plan."""

    model_config = example(
        plan="9f2c1d7a40b3e855", answer="later", at="2026-11-23T16:30:00Z", reason="In a meeting."
    )

    plan: Annotated[str, RequiredText(64), SINGLE_LINE]
    """The hash of the plan that was read; the answer holds for no other."""
    answer: ConsentAnswer
    """now, later or no."""
    at: AwareDatetime | None = None
    """When, for later: not after `latest`."""
    reason: Annotated[str, Field(max_length=2000)] = ""
    """Why; with a no it is what the team reads that gets the run."""


class ConsentView(Frozen):
    """What would be done to a device of the caller, and what they answered."""

    run: str
    title: str
    target: str
    """The device."""
    plan: str
    """The hash that an answer names."""
    steps: str
    """What would be done."""
    asked_at: datetime
    until: datetime
    """Silence is no consent: nothing is done then."""
    latest: datetime
    """The latest moment that `later` may name."""
    answer: ConsentAnswer | None
    """null: not answered."""
    at: datetime | None
    """The moment that was chosen for later."""
    status: str
    """Where it stands, as a sentence."""


class ConsentsView(Frozen):
    """The newest first."""

    items: tuple[ConsentView, ...]


def consent_router(api: RunsApi) -> APIRouter:
    """For the person whose device it is, and nobody else, whatever their role."""
    router = APIRouter(prefix="/v1/consents", tags=["consents"])

    @router.get("", summary="List what your consent is asked for")
    async def list_consents(caller: Caller) -> ConsentsView:
        """Runs that wait for the caller's answer, or for the moment that they chose."""
        facets = {"asks": caller.subject}
        listed = await api.runs.find_brief(facets, order="newest", limit=_MOST)
        runs = (item.state for item in listed)
        return ConsentsView(
            items=tuple(_show(run, run.consent) for run in runs if run is not None and run.consent)
        )

    @router.post("/{id}", summary="Say now, later, or no")
    async def answer_consent(
        id: str, body: ConsentReply, caller: Caller, call: Call
    ) -> ConsentView:
        """`later` is a yes to that moment; until it comes the answer may be changed. After a no
        nobody is asked again for as long as the runbook says."""

        def rule(state: Run | None, context: Context) -> Decision[Run]:
            waiting, now = _of_caller(state, id, caller), context.now
            reply = PersonReply(
                by=caller.subject, answer=body.answer, given_at=now, at=body.at, reason=body.reason
            )
            decided = record_reply(waiting, reply, body.plan, now)
            return decided._replace(due=decided.state.timer_at)

        cause = Cause(call.seed, content=call.fingerprint)
        changed = await api.journal.change(id, rule, cause)
        after = _of_caller(changed.state, id, caller)
        if after.consent is None:
            raise _no_question(id)
        return _show(after, after.consent)

    return router


def _of_caller(state: Run | None, run: str, caller: Principal) -> Run:
    """Somebody else's is answered as one that is not there."""
    if state is None or state.consent is None or state.consent.person != caller.subject:
        raise _no_question(run)
    return state


def _no_question(run: str) -> NotFound:
    return NotFound(message("consent.not-asked-of-you", run=run), run=run)


def _show(run: Run, consent: Consent) -> ConsentView:
    reply = consent.reply
    return ConsentView(
        run=run.id,
        title=run.plan.title,
        target=run.target,
        plan=consent.plan,
        steps=steps_of(run.plan),
        asked_at=consent.asked_at,
        until=consent.until,
        latest=consent.latest,
        answer=None if reply is None else reply.answer,
        at=None if reply is None else reply.at,
        status=sentence(describe_run(run)),
    )
