"""The HTTP side of triage: why a ticket went where it went, what is seen, what is one problem."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Annotated, TypeVar

from desk_shared.bus import Cause, CommandQueue
from desk_shared.errors import NotFound
from desk_shared.events.message import message
from desk_shared.events.people import Priority, Severity, SubjectKind
from desk_shared.frozen import Frozen
from desk_shared.http import (
    Cursors,
    IdempotentCall,
    Page,
    PageRequest,
    Principal,
    Role,
    keyed,
    link_next,
    may_see_person,
    page_request,
    place_of,
    require,
    shown_after,
    sight,
)
from desk_shared.http.language import Statement, sentence, statements
from desk_shared.http.paging import After
from desk_shared.kernel import Context, Decision
from desk_shared.kernel.sight import Sight
from desk_shared.store import Documents, Listed
from desk_shared.store.document import S
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from desk_triage.domain import clusters
from desk_triage.domain.model import Correction, Ticket
from desk_triage.domain.problem import Cluster
from desk_triage.domain.watching import Episode, Subject

T = TypeVar("T")

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)
_MEMBER = require(Role.MEMBER)


@dataclass(frozen=True, slots=True)
class TriageDocuments:
    """What the routes read and change."""

    tickets: Documents[Ticket]
    subjects: Documents[Subject]
    clusters: Documents[Cluster]
    commands: CommandQueue[Cluster]
    cursors: Cursors


class DecisionView(Frozen):
    """What triage decided about a ticket, why, and what people corrected."""

    ticket: str
    code: str
    deferred: bool
    """True if a person has to decide; then category and priority are empty."""
    team: str
    category: str
    priority: Priority | None
    service: str
    member: str
    skills: tuple[str, ...]
    rule: str
    """The charter's rule that decided; empty if none did."""
    explanation: tuple[Statement, ...]
    charter: str
    """Version of the charter that the decision rests on."""
    decided_at: datetime
    corrections: tuple[Correction, ...]


class SignalView(Frozen):
    """An open signal."""

    episode: str
    subject: str
    subject_kind: SubjectKind
    detector: str
    signal: str
    title: str
    severity: Severity
    raised_at: datetime
    value: float
    """The value that raised it."""
    service: str
    person: str
    """Whose device it is; only for owners, operators and that person."""
    site: str


class ProblemView(Frozen):
    """An open problem."""

    id: str
    service: str
    category: str
    title: str
    team: str
    message: str
    """What employees are told."""
    first_at: datetime
    last_at: datetime
    tickets: int
    people: int
    signals: tuple[str, ...]
    ends_at: datetime | None
    """When it ends if nothing more is heard; null while a signal is open, and without one."""


class ResolveProblem(Frozen):
    """What a member says about the end of a problem."""

    resolution: Annotated[str, Field(max_length=5_000)] = ""
    """What was wrong and what helped, for the people in it."""


class ResolvedView(Frozen):
    """The problem is over."""

    id: str
    status: str = "resolved"


@dataclass(frozen=True, slots=True)
class _Listing:
    """A listing by document id: where it starts, and where the next page does."""

    request: Request
    response: Response
    page: PageRequest
    seen: Sight
    principal: Principal

    async def read(
        self,
        documents: Documents[S],
        cursors: Cursors,
        told: Callable[[str, S], Sequence[T]],
    ) -> Page[T]:
        """What is told of each open document; one of which nothing is told takes no place."""
        path, after = self.request.url.path, None
        if self.page.cursor is not None:
            position = cursors.read(path, self.page.cursor)
            after = position.sort, position.id

        async def some(after: After | None, limit: int) -> list[Listed[S]]:
            return await documents.find_brief({"open": True}, after=after, limit=limit)

        def views(one: Listed[S]) -> Sequence[T]:
            return told(one.id, one.state) if one.state is not None else ()

        found = await shown_after(some, lambda one: bool(views(one)), after, self.page.limit)
        shown, cursor = found[: self.page.limit], None
        if len(found) > self.page.limit:
            cursor = cursors.write(path, place_of(shown[-1]))
            self.response.headers["Link"] = link_next(self.request, cursor)
        return Page(items=tuple(chain.from_iterable(map(views, shown))), next=cursor)


async def _listing(
    request: Request,
    response: Response,
    page: Annotated[PageRequest, Depends(page_request)],
    principal: Annotated[Principal, Depends(_STAFF)],
) -> _Listing:
    return _Listing(request, response, page, sight(request, principal), principal)


def triage_routes(documents: TriageDocuments) -> APIRouter:
    """All routes of triage."""
    router = APIRouter(prefix="/v1")
    _decisions(router, documents)
    _signals(router, documents)
    _problems(router, documents)
    return router


def _decisions(router: APIRouter, documents: TriageDocuments) -> None:
    @router.get("/decisions/{ticket}")
    async def read_decision(
        request: Request, ticket: str, principal: Annotated[Principal, Depends(_STAFF)]
    ) -> DecisionView:
        """The decision about a ticket, with its reasons in words."""
        stored = (await documents.tickets.load([ticket])).get(ticket)
        found = stored.state if stored else None
        seen = sight(request, principal)
        if found is None or seen.hides(found.decision.service, found.decision.team):
            raise NotFound(message("triage.no-decision", ticket=ticket), ticket=ticket)
        return _decision(ticket, found)


def _signals(router: APIRouter, documents: TriageDocuments) -> None:
    @router.get("/signals", dependencies=[Depends(_STAFF)])
    async def list_signals(
        asked: Annotated[_Listing, Depends(_listing)],
    ) -> Page[SignalView]:
        """Open signals by subject."""

        def told(subject: str, state: Subject) -> list[SignalView]:
            shown = asked.seen.of_subject(subject, state.episodes, lambda one: one.service)
            return [_signal(subject, one, asked.principal) for one in shown]

        return await asked.read(documents.subjects, documents.cursors, told)


def _problems(router: APIRouter, documents: TriageDocuments) -> None:
    @router.get("/problems", dependencies=[Depends(_STAFF)])
    async def list_problems(
        asked: Annotated[_Listing, Depends(_listing)],
    ) -> Page[ProblemView]:
        """Open problems by service and category."""

        def told(_id: str, state: Cluster) -> list[ProblemView]:
            views = _problems_of(state)
            return [one for one in views if not asked.seen.hides(one.service, one.team)]

        return await asked.read(documents.clusters, documents.cursors, told)

    @router.post("/problems/{id}/resolve")
    async def resolve_problem(
        request: Request,
        id: str,
        body: ResolveProblem,
        call: Annotated[IdempotentCall, Depends(keyed)],
        principal: Annotated[Principal, Depends(_MEMBER)],
    ) -> ResolvedView:
        """Say that a problem is over; everybody in it is told."""
        found = await documents.clusters.find({"problem": id}, limit=1)
        cluster = found[0].read() if found else None
        owner = cluster.problem.team if cluster and cluster.problem else ""
        if cluster is None or sight(request, principal).hides(cluster.service, owner):
            raise NotFound(message("problem.not-found", problem=id), problem=id)

        def end(cluster: Cluster | None, context: Context) -> Decision[Cluster]:
            return clusters.end_by_member(
                cluster, id, principal.subject, body.resolution, context.now
            )

        cause = Cause(call.seed, content=call.fingerprint)
        await documents.commands.change(found[0].id, end, cause)
        return ResolvedView(id=id)


def _decision(ticket: str, state: Ticket) -> DecisionView:
    decision = state.decision
    return DecisionView(
        ticket=ticket,
        code=state.code,
        deferred=decision.is_deferred,
        team=decision.team,
        category=decision.category,
        priority=decision.priority,
        service=decision.service,
        member=decision.member,
        skills=decision.skills,
        rule=decision.rule,
        explanation=statements(decision.explanation),
        charter=decision.charter,
        decided_at=decision.decided_at,
        corrections=state.corrections,
    )


def _signal(subject: str, episode: Episode, reader: Principal) -> SignalView:
    person = episode.person if may_see_person(reader, episode.person) else ""
    return SignalView(
        episode=episode.id,
        subject=subject,
        subject_kind=episode.subject_kind,
        detector=episode.detector,
        signal=episode.signal,
        title=episode.title,
        severity=episode.severity,
        raised_at=episode.raised_at,
        value=episode.value,
        service=episode.service,
        person=person,
        site=episode.site,
    )


def _problems_of(cluster: Cluster) -> tuple[ProblemView, ...]:
    problem = cluster.problem
    if problem is None:
        return ()
    return (
        ProblemView(
            id=problem.id,
            service=cluster.service,
            category=cluster.category,
            title=sentence(problem.title),
            team=problem.team,
            message=sentence(problem.message),
            first_at=problem.first_at,
            last_at=problem.last_at,
            tickets=problem.tickets,
            people=problem.head_count,
            signals=problem.signals,
            ends_at=cluster.ends_at,
        ),
    )
