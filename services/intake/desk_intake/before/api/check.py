"""Before a ticket is logged: what is known of it, and what the person takes instead."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from desk_contracts.errors import NotFound
from desk_contracts.events.feedback import Taken
from desk_contracts.events.knowledge import Readership
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.text import plain_words
from desk_kernel import Decision
from desk_platform.http import Principal
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.language import sentence, spoken_catalogue, statements
from desk_platform.similar import (
    Draft,
    Hit,
    IndexReader,
    TextIndex,
    Written,
    find_alike,
)
from desk_platform.store import Documents
from fastapi import APIRouter, Request

from desk_intake.before.api.bodies import (
    ArticleMatch,
    CheckView,
    ContactView,
    DraftTicket,
    ProblemMatch,
    SolvedMatch,
    TakenInstead,
)
from desk_intake.before.api.items import MOST, SelfService, explain
from desk_intake.before.decide import prevent
from desk_intake.before.model import MAX_TEXT, Contact, PersonContacts
from desk_intake.before.store import IndexedProblem
from desk_intake.knowledge.api.articles import KnowledgeDeps, find_article
from desk_intake.knowledge.api.view import say_endorsement
from desk_intake.knowledge.model import choose_translation
from desk_intake.knowledge.store import IndexedArticle
from desk_intake.searches.worker import SearchCounter
from desk_intake.status.model import KnownProblem
from desk_intake.tickets.api.calls import Call, Caller, actor_of
from desk_intake.tickets.api.documents import DocumentChanges, change_document
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.record import Cause
from desk_intake.tickets.store import SearchedTicket

# Of each kind so many are compared by words, and by n-grams.
CANDIDATES = 5
# Problems of the service that is named, whatever they say.
_MOST_OF_SERVICE = 20
_LONGEST_SNIPPET = 300
_NOTED = {
    Taken.PROBLEM: message("contact.problem"),
    Taken.ARTICLE: message("contact.article"),
    Taken.ITEM: message("contact.item"),
    Taken.TICKET: message("contact.ticket"),
}


@dataclass(frozen=True, slots=True)
class Indexes:
    """What is searched, and who says whether it is complete."""

    tickets: TextIndex[SearchedTicket]
    articles: TextIndex[IndexedArticle]
    problems: TextIndex[IndexedProblem]
    of_tickets: IndexReader[SearchedTicket]
    readers: tuple[
        IndexReader[SearchedTicket] | IndexReader[IndexedArticle] | IndexReader[IndexedProblem], ...
    ]


@dataclass(frozen=True, slots=True)
class BeforeDeps:
    """What the routes need."""

    knowledge: KnowledgeDeps
    problems: Documents[KnownProblem]
    indexes: Indexes
    contacts: DocumentChanges[PersonContacts]
    items: SelfService
    searches: SearchCounter


def before_router(deps: BeforeDeps) -> APIRouter:
    """Ask before logging, and take what is there."""
    router = APIRouter(prefix="/v1", tags=["before logging"])

    @router.post("/tickets/check", summary="What is known of this already?")
    async def check_draft(request: Request, body: DraftTicket, caller: Caller) -> CheckView:
        """Problems, articles, self-service and solved tickets that fit. It changes nothing, so it
        needs no key; words of the title are counted where five people use them (/v1/searches)."""
        actor = actor_of(request, caller)
        view = await _check(deps, body, caller, actor)
        is_empty = not (view.problems or view.articles or view.items or view.solved)
        # Before all is read, that nothing was found says nothing.
        deps.searches.note(actor.id, body.title, is_empty=is_empty and view.is_complete)
        return view

    @router.post("/contacts/prevented", status_code=201, summary="Take it instead of logging")
    async def take_instead(
        request: Request, body: TakenInstead, caller: Caller, call: Call
    ) -> ContactView:
        """Joins a problem, or says that an article, item or solution is what was needed. It counts
        as a prevented contact, until the same person logs the same within seven days."""
        await _check_target(deps, body.taken, body.target, caller, actor_of(request, caller))
        return await _take(deps, request, body, actor_of(request, caller), call)

    return router


async def _take(
    deps: BeforeDeps, request: Request, body: TakenInstead, actor: Actor, call: IdempotentCall
) -> ContactView:
    id = derive_id(call.seed, "contact-of-call")

    def decide(person: PersonContacts | None, cause: Cause) -> Decision[PersonContacts]:
        return prevent(person, actor.id, _contact(id, body, cause.at), cause)

    person = await change_document(
        deps.knowledge.tickets, deps.contacts, request, call, actor.id, decide
    )
    same = (
        item for item in person.contacts if (item.taken, item.target) == (body.taken, body.target)
    )
    # Of a call that is repeated after the week nothing is kept but that it was made.
    contact = next(same, None)
    return ContactView(
        id=id if contact is None else contact.id,
        taken=body.taken,
        target=body.target,
        at=None if contact is None else contact.at,
        text=sentence(_NOTED[body.taken]),
    )


def _contact(id: str, body: TakenInstead, at: datetime) -> Contact:
    return Contact(
        id=id,
        taken=body.taken,
        target=body.target,
        title=body.title,
        text=body.description[:MAX_TEXT],
        service=body.service,
        device=body.device,
        at=at,
    )


async def _check(deps: BeforeDeps, body: DraftTicket, caller: Principal, actor: Actor) -> CheckView:
    language = body.language or spoken_catalogue().language
    # A device that is named in what is known is hit like any other word.
    text = f"{body.description} {body.device}".strip()
    draft = await asyncio.to_thread(Draft, Written(body.title, text, language))
    service = deps.knowledge.tickets.charter().service_called(body.service)
    name = service.name if service and not actor.sight.hides(service.name) else ""
    articles = await find_alike(
        deps.indexes.articles, draft, ["shown"], lambda item: may_show(item, actor), MOST,
        CANDIDATES,
    )  # fmt: skip
    return CheckView(
        problems=await _find_problems(deps, draft, name, actor),
        articles=tuple(_view_article(hit) for hit in articles),
        items=await asyncio.to_thread(deps.items.find, draft, name, caller),
        solved=await _find_solved(deps, draft, actor),
        is_complete=all(reader.is_complete for reader in deps.indexes.readers),
    )


async def _find_problems(
    deps: BeforeDeps, draft: Draft, service: str, actor: Actor
) -> tuple[ProblemMatch, ...]:
    index = deps.indexes.problems
    alike = await find_alike(
        index, draft, ["open"], lambda item: not actor.sight.hides(item.problem.service), MOST,
        CANDIDATES,
    )  # fmt: skip
    likenesses = {hit.item.id: hit for hit in alike}
    same = (
        await index.list_tagged(f"about:{plain_words(service)}", _MOST_OF_SERVICE)
        if service
        else []
    )
    ids = dict.fromkeys([item.id for item in same] + list(likenesses))
    stored = await deps.problems.load(ids)
    matches = []
    for id in ids:
        problem = stored[id].read() if id in stored else None
        if problem is None or not is_told(problem, actor):
            continue
        hit = likenesses.get(id)
        reasons = [explain(hit.likeness)] if hit else []
        if service and problem.service == service:
            reasons.append(message("similar.same-service", service=service))
        matches.append(
            ProblemMatch(
                id=id,
                title=sentence(problem.title),
                likeness=round(hit.likeness.score, 3) if hit else 0.0,
                reasons=statements(reasons),
                service=problem.service,
                message=sentence(problem.message) if problem.message else "",
                people=problem.people,
                since=problem.since,
            )
        )
    matches.sort(key=lambda item: (item.service != service if service else False, -item.likeness))
    return tuple(matches[:MOST])


def is_told(problem: KnownProblem, actor: Actor) -> bool:
    """Whether this caller is told of it: open, confirmed, and not confidential to others."""
    return problem.is_open and problem.is_confirmed and not actor.sight.hides(problem.service)


def may_show(article: IndexedArticle, actor: Actor) -> bool:
    """Whether this caller may read the article."""
    if article.is_retired or any(actor.sight.hides(service) for service in article.services):
        return False
    return article.audience is Readership.EVERYBODY or actor.is_staff


def _view_article(hit: Hit[IndexedArticle]) -> ArticleMatch:
    article = hit.item
    shown = choose_translation(article.translations, spoken_catalogue().language)
    return ArticleMatch(
        id=article.id,
        title=shown.title,
        likeness=round(hit.likeness.score, 3),
        reasons=statements([explain(hit.likeness)]),
        language=shown.language,
        endorsement=article.endorsement,
        endorsement_text=say_endorsement(article.endorsement),
        beginning=shown.body[:_LONGEST_SNIPPET],
    )


def may_see(ticket: SearchedTicket, actor: Actor) -> bool:
    """Their own, or as staff what is not confidential to others."""
    is_own = ticket.requester == actor.id
    return is_own or (actor.is_staff and not actor.sight.hides(ticket.service, ticket.team))


async def _find_solved(deps: BeforeDeps, draft: Draft, actor: Actor) -> tuple[SolvedMatch, ...]:
    """Of others' tickets an employee sees nothing but what was made public of them."""
    index = deps.indexes.tickets
    own = [] if actor.is_staff else [f"of:{actor.id}"]
    visible = await find_alike(
        index,
        draft,
        ["solved", "proven", *own],
        lambda ticket: may_see(ticket, actor),
        MOST,
        CANDIDATES,
    )
    matches = [_view_solved(hit) for hit in visible]
    if not actor.is_staff:
        others = await find_alike(
            index,
            draft,
            ["solved", "proven"],
            lambda ticket: not may_see(ticket, actor),
            MOST,
            CANDIDATES,
        )
        for hit in others:
            made = await deps.indexes.articles.list_tagged(f"from:{hit.item.id}", 1)
            matches += [_view_public(item) for item in made if may_show(item, actor)]
    return tuple(matches[:MOST])


def _view_solved(hit: Hit[SearchedTicket]) -> SolvedMatch:
    ticket = hit.item
    return SolvedMatch(
        id=ticket.id,
        title=ticket.title,
        likeness=round(hit.likeness.score, 3),
        reasons=statements([explain(hit.likeness)]),
        code=ticket.code,
        solution=sentence(ticket.resolution) if ticket.resolution else "",
        article=None,
    )


def _view_public(article: IndexedArticle) -> SolvedMatch:
    """Neither the words nor the code of the ticket, nor how alike it is: who probes learns none."""
    shown = choose_translation(article.translations, spoken_catalogue().language)
    return SolvedMatch(
        id=article.id,
        title=shown.title,
        likeness=0.0,
        reasons=statements([message("check.solved-for-somebody")]),
        code=None,
        solution=shown.body[:_LONGEST_SNIPPET],
        article=article.id,
    )


async def _check_target(
    deps: BeforeDeps, taken: Taken, target: str, caller: Principal, actor: Actor
) -> None:
    """Only what is there, and what this caller may know of, can be taken."""
    match taken:
        case Taken.PROBLEM:
            stored = (await deps.problems.load([target])).get(target)
            problem = stored.read() if stored else None
            is_there = problem is not None and is_told(problem, actor)
        case Taken.ARTICLE:
            is_there = bool(await find_article(deps.knowledge, target, actor))
        case Taken.ITEM:
            is_there = target in deps.items.list_offered(caller)
        case Taken.TICKET:
            ticket = await deps.indexes.tickets.find(target)
            is_there = ticket is not None and ticket.is_proven and may_see(ticket, actor)
        case _:
            assert_never(taken)
    if not is_there:
        raise NotFound(
            message("refused.nothing-to-take", taken=taken.value, target=target), target=target
        )
