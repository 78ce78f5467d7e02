"""What people miss and no longer need, with votes; what they said, and what was done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Protocol

from desk_contracts.errors import NotFound
from desk_contracts.events.feedback import DemandVerdict
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import (
    IdempotentCall,
    Page,
    PageRequest,
    Principal,
    RequiredText,
    Role,
    check_same,
    find_visible,
    place_of,
    require,
)
from desk_platform.store import Documents, Stored
from desk_platform.store.listings import Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Path, Query, Request

from desk_intake.demands.decide import answer_demand
from desk_intake.demands.model import Demand, Kind
from desk_intake.tickets.api.bodies import Body
from desk_intake.tickets.api.calls import (
    Call,
    Caller,
    actor_of,
    cause_of_call,
    command_of,
    once,
    origin_of,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.listing import AskedPage
from desk_intake.tickets.calls import Recalled
from desk_intake.tickets.lifecycle import Actor

Answering = Annotated[Principal, Depends(require(Role.OWNER, Role.OPERATOR))]
DemandRule = Callable[[Demand | None, Context], Decision[Demand] | None]


class DemandChanges(Protocol):
    """The way to change one demand."""

    async def change(
        self, id: str, rule: DemandRule, *, is_first: bool = False
    ) -> Stored[Demand]: ...


class DemandAnswerView(Frozen):
    """What was done about it."""

    verdict: DemandVerdict
    text: str
    at: datetime


class DemandView(Frozen):
    """What is missing, or a service that can go."""

    id: str
    kind: Kind
    what: str
    votes: int
    """How many people say so; to say it too, send the same to `POST /v1/feedback`."""
    is_mine: bool
    """Whether you said so."""
    first_at: datetime
    due: datetime
    """By when an answer is owed."""
    answer: DemandAnswerView | None


class NewDemandAnswer(Body):
    """What becomes of it."""

    model_config = example(verdict="planned", text="Two rooms are rebuilt by September.")

    verdict: DemandVerdict
    """planned, done or declined."""
    text: Annotated[str, RequiredText(4_000)]
    """What is done and when, or why not; all who asked read it."""


@dataclass(frozen=True, slots=True)
class DemandDeps:
    """What the routes need."""

    tickets: TicketDeps
    demands: Documents[Demand]
    changes: DemandChanges


def demands_router(deps: DemandDeps) -> APIRouter:
    """`/v1/demands`."""
    router = APIRouter(prefix="/v1/demands", tags=["feedback"])

    @router.get("", summary="What people demand for, and what they were answered")
    async def list_demands(
        request: Request,
        caller: Caller,
        page: AskedPage,
        answered: Annotated[
            bool, Query(description="What was said and what was done about it.")
        ] = False,
    ) -> Page[DemandView]:
        """Most votes first. What one person alone wrote is theirs until it is answered."""
        return await _list(deps, actor_of(request, caller), page, answered=answered)

    @router.post("/{demand}/answer", summary="Answer a demand")
    async def answer_it(
        request: Request, demand: Annotated[str, Path(max_length=100)], body: NewDemandAnswer,
        caller: Answering, call: Call,
    ) -> DemandView:  # fmt: skip
        """All who asked are told; a later answer replaces it and is told again."""
        rule = partial(_Answering(request, call, caller.subject, body).decide, demand)
        stored = await once(
            deps.tickets,
            call,
            lambda recalled: deps.changes.change(demand, partial(rule, recalled)),
        )
        if stored.state is None:
            raise LookupError(f"the rule left no demand {demand}")
        return _view(stored.state, caller.subject)

    return router


async def _list(
    deps: DemandDeps, actor: Actor, page: PageRequest, *, answered: bool
) -> Page[DemandView]:
    cursors, listing = deps.tickets.cursors, f"demands {answered}"
    position = cursors.read(listing, page.cursor) if page.cursor else None

    async def find(after: After | None, limit: int) -> list[Listed[Demand]]:
        facets = {"answered": answered}
        return await deps.demands.find_brief(facets, order="rank", after=after, limit=limit)

    def may_see(listed: Listed[Demand]) -> bool:
        demand = listed.state
        if demand is None or (demand.kind == "obsolete" and actor.sight.hides(demand.what)):
            return False
        return demand.is_shown(actor.id, is_staff=actor.is_staff)

    after = (position.sort, position.id) if position else None
    rows = await find_visible(find, may_see, after, page.limit)
    shown = rows[: page.limit]
    following = cursors.write(listing, place_of(shown[-1])) if len(rows) > page.limit else None
    items = tuple(_view(row.state, actor.id) for row in shown if row.state is not None)
    return Page(items=items, next=following)


@dataclass(frozen=True, slots=True)
class _Answering:
    """One call that answers a demand, once however often it is made."""

    request: Request
    call: IdempotentCall
    by: str
    body: NewDemandAnswer

    def decide(
        self, id: str, recalled: Recalled, demand: Demand | None, context: Context
    ) -> Decision[Demand] | None:
        call, body = self.call, self.body
        if demand is None:
            raise NotFound(message("refused.no-such-demand"), demand=id)
        if (fingerprint := demand.find_fingerprint(call.seed, recalled)) is not None:
            check_same(call, fingerprint)
            return None
        cause = cause_of_call(origin_of(self.request), call, id, context)
        after, events, _ = answer_demand(demand, body.verdict, body.text, self.by, cause)
        return Decision(after.with_command(command_of(call, context), recalled), events)


def _view(demand: Demand, reader: str) -> DemandView:
    answer = None
    if (given := demand.answer) is not None:
        answer = DemandAnswerView(verdict=given.verdict, text=given.text, at=given.at)
    return DemandView(
        id=demand.id,
        kind=demand.kind,
        what=demand.what,
        votes=demand.votes,
        is_mine=reader in demand.people,
        first_at=demand.first_at,
        due=demand.due,
        answer=answer,
    )
