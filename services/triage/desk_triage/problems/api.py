"""The HTTP side of problems: what is open and who is in it, and what people say about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.events.automation import StopKind
from desk_contracts.events.problems import ProblemStatus
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import (
    Cursors,
    IdempotentCall,
    Page,
    Principal,
    RequestModel,
    RequiredName,
    Role,
    require,
    require_key,
    sight,
)
from desk_platform.http.language import sentence
from desk_platform.kafka import Cause, CommandQueue
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from desk_triage.changes.worker import Inputs
from desk_triage.detection.api import OpenListing, open_listing
from desk_triage.problems import owner
from desk_triage.problems.counting import Counts
from desk_triage.problems.decide import ends_at
from desk_triage.problems.joining import Desk
from desk_triage.problems.model import REGISTER, Problem, ProblemRegister, SolvedProblem
from desk_triage.problems.store import read_register

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)
_MEMBER = require(Role.MEMBER)
_ANYBODY = require(Role.EMPLOYEE, Role.MEMBER)
MOST_TICKETS = 500


class ProblemView(Frozen):
    """An open problem."""

    id: str
    status: ProblemStatus
    """`proposed` until its owner says that it is one, or the evidence does."""
    service: str
    """Empty if it is not known which service it is."""
    category: str
    title: str
    team: str
    message: str
    """What employees are told once it is confirmed."""
    first_at: datetime
    last_at: datetime
    tickets: int
    people: int
    signals: tuple[str, ...]
    runbook: str
    """The fix that is needed too often or was stopped, where that is what points to the problem;
    else empty."""
    target: str
    """Where it is needed too often; empty: at all targets together."""
    repeats: int
    """How often so far, since the problem is open and before."""
    stop: StopKind | None
    """Why that runbook was stopped, where this is what points to the problem; else null."""
    stopped_at: datetime | None
    """Since when; null where no stop points to it."""
    resumed_at: datetime | None
    """Since when it goes on again; null while it is stopped. The problem stays until a person ends
    it."""
    withheld: int
    """How many further matches its open breaker withheld since then, as last told: at the first,
    each time the number has doubled, and at the end."""
    recalls: str
    """The solved problem that it looks like, if there is one."""
    ends_at: datetime | None
    """When it is looked at next whether it is over; null while a signal of it is open, and for a
    fix that is needed too often or stopped: a person says that it is over."""


class MemberView(Frozen):
    """One ticket of a problem."""

    ticket: str
    person: str


class MembersView(Frozen):
    """Who is in a problem."""

    id: str
    members: tuple[MemberView, ...]
    unlisted: int
    """So many more belong to it that are not listed."""


class ResolveProblem(RequestModel):
    """What a member says about the end of a problem."""

    model_config = example(resolution="The gateway was restarted.")

    resolution: Annotated[str, Field(max_length=5_000)] = ""
    """What was wrong and what helped, for the people in it."""


class SomeTickets(RequestModel):
    """Tickets of a problem, by id."""

    model_config = example(tickets=["0195c3a2-77aa-7bbb-8ccc-1234567890ab"])

    tickets: Annotated[tuple[RequiredName, ...], Field(min_length=1, max_length=MOST_TICKETS)]


class MergeProblem(RequestModel):
    """The problem that this one is the same as."""

    model_config = example(into="0b8e7c1e-1111-5222-8333-abcdefabcdef")

    into: RequiredName


class ProblemChanged(Frozen):
    """What was said of a problem is done."""

    id: str
    status: str


@dataclass(frozen=True, slots=True)
class ProblemDocuments:
    """What the routes read and change."""

    register: Documents[ProblemRegister]
    commands: CommandQueue[ProblemRegister]
    cursors: Cursors
    inputs: Inputs

    @property
    def desk(self) -> Desk:
        """What a decision is made with."""
        return Desk(self.inputs.charter(), self.inputs.snapshot(), Counts())

    async def find(
        self, request: Request, id: str, principal: Principal
    ) -> Problem | SolvedProblem:
        """The open problem, or one that is over; `NotFound` for whoever may not see it."""
        register = await read_register(self.register)
        over = (solved for solved in reversed(register.solved) if solved.id == id)
        problem = register.find(id) or next(over, None)
        if problem is None or sight(request, principal).hides(problem.service, problem.team):
            raise NotFound(message("problem.not-found", problem=id), problem=id)
        return problem


Verdict = Callable[[ProblemRegister | None, datetime, Desk], Decision[ProblemRegister]]


def problem_router(documents: ProblemDocuments) -> APIRouter:
    """The routes about problems."""
    router = APIRouter(prefix="/v1")

    @router.get("/problems", dependencies=[Depends(_STAFF)])
    async def list_problems(
        listing: Annotated[OpenListing, Depends(open_listing)],
    ) -> Page[ProblemView]:
        """Open problems, proposed and confirmed."""

        def views(_id: str, register: ProblemRegister) -> list[ProblemView]:
            rules = documents.inputs.charter().routing.problems
            return [
                _view(problem, ends_at(problem, register, rules))
                for problem in (*register.problems, *register.unreported)
                if not listing.seen.hides(problem.service, problem.team)
            ]

        return await listing.read(documents.register, documents.cursors, views)

    @router.get("/problems/{id}/members")
    async def list_members(
        request: Request, id: str, principal: Annotated[Principal, Depends(_STAFF)]
    ) -> MembersView:
        """The tickets of an open problem."""
        problem = await documents.find(request, id, principal)
        if not isinstance(problem, Problem):
            raise NotFound(message("problem.not-open", problem=id), problem=id)
        members = tuple(MemberView(ticket=ticket, person=who) for ticket, who in problem.members)
        return MembersView(id=id, members=members, unlisted=problem.unlisted)

    _add_resolution(router, documents)
    _add_judgements(router, documents)
    _add_removal(router, documents)
    _add_parting(router, documents)
    return router


def _add_resolution(router: APIRouter, documents: ProblemDocuments) -> None:
    @router.post("/problems/{id}/resolve")
    async def resolve_problem(
        request: Request,
        id: str,
        body: ResolveProblem,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ProblemChanged:
        """Say that a problem is over; everybody in it is told."""
        await documents.find(request, id, principal)

        def end(
            register: ProblemRegister | None, now: datetime, desk: Desk
        ) -> Decision[ProblemRegister]:
            return owner.resolve_problem(
                register, id, principal.subject, body.resolution, now, desk
            )

        await _say(documents, call, end)
        return ProblemChanged(id=id, status="resolved")


def _add_judgements(router: APIRouter, documents: ProblemDocuments) -> None:
    @router.post("/problems/{id}/confirm")
    async def confirm_problem(
        request: Request,
        id: str,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ProblemChanged:
        """Say that a proposed problem is one; everybody in it is told."""
        await documents.find(request, id, principal)

        def confirm(
            register: ProblemRegister | None, now: datetime, desk: Desk
        ) -> Decision[ProblemRegister]:
            return owner.confirm_problem(register, id, principal.subject, now, desk)

        await _say(documents, call, confirm)
        return ProblemChanged(id=id, status="confirmed")

    @router.post("/problems/{id}/reject")
    async def reject_problem(
        request: Request,
        id: str,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ProblemChanged:
        """Say that it is no problem; its tickets stay as they are."""
        await documents.find(request, id, principal)

        def reject(
            register: ProblemRegister | None, now: datetime, desk: Desk
        ) -> Decision[ProblemRegister]:
            return owner.reject_problem(register, id, principal.subject, now, desk)

        await _say(documents, call, reject)
        return ProblemChanged(id=id, status="rejected")


def _add_removal(router: APIRouter, documents: ProblemDocuments) -> None:
    @router.post("/problems/{id}/remove")
    async def remove_tickets(
        request: Request,
        id: str,
        body: SomeTickets,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_ANYBODY)],
    ) -> ProblemChanged:
        """Say that tickets do not belong to it: a member any, everybody else their own."""
        if Role.MEMBER in principal.roles:
            await documents.find(request, id, principal)
        else:
            problem = (await read_register(documents.register)).find(id)
            own = {(ticket, principal.subject) for ticket in body.tickets}
            if problem is None or not own <= set(problem.members):
                raise NotFound(message("problem.not-found", problem=id), problem=id)

        def remove(
            register: ProblemRegister | None, now: datetime, desk: Desk
        ) -> Decision[ProblemRegister]:
            return owner.remove_tickets(register, id, body.tickets, now, desk)

        await _say(documents, call, remove)
        return ProblemChanged(id=id, status="removed")


def _add_parting(router: APIRouter, documents: ProblemDocuments) -> None:
    @router.post("/problems/{id}/split")
    async def split_problem(
        request: Request,
        id: str,
        body: SomeTickets,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ProblemChanged:
        """Make a problem of their own of some of its tickets."""
        await documents.find(request, id, principal)

        def split(
            register: ProblemRegister | None, now: datetime, desk: Desk
        ) -> Decision[ProblemRegister]:
            return owner.split_problem(register, id, body.tickets, now, desk)

        await _say(documents, call, split)
        return ProblemChanged(id=id, status="split")

    @router.post("/problems/{id}/merge")
    async def merge_problem(
        request: Request,
        id: str,
        body: MergeProblem,
        call: Annotated[IdempotentCall, Depends(require_key)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ProblemChanged:
        """Say that it is the same as another, which takes its tickets."""
        await documents.find(request, id, principal)
        await documents.find(request, body.into, principal)

        def merge(
            register: ProblemRegister | None, now: datetime, desk: Desk
        ) -> Decision[ProblemRegister]:
            return owner.merge_problems(register, id, body.into, principal.subject, now, desk)

        await _say(documents, call, merge)
        return ProblemChanged(id=id, status="merged")


async def _say(documents: ProblemDocuments, call: IdempotentCall, apply: Verdict) -> None:
    def change(register: ProblemRegister | None, context: Context) -> Decision[ProblemRegister]:
        return apply(register, context.now, documents.desk)

    cause = Cause(call.seed, content=call.fingerprint)
    await documents.commands.change(REGISTER, change, cause)


def _view(problem: Problem, ends: datetime | None) -> ProblemView:
    return ProblemView(
        id=problem.id,
        status=problem.status,
        service=problem.service,
        category=problem.category,
        title=sentence(problem.title),
        team=problem.team,
        message=sentence(problem.message),
        first_at=problem.first_at,
        last_at=problem.last_at,
        tickets=problem.tickets,
        people=problem.head_count,
        signals=problem.signals,
        runbook=problem.runbook,
        target=problem.target,
        repeats=problem.repeats,
        stop=problem.stop,
        stopped_at=problem.stopped_at,
        resumed_at=problem.resumed_at,
        withheld=problem.withheld,
        recalls=problem.recalls,
        ends_at=ends,
    )
