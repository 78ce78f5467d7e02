"""Before a ticket is logged: what is known of it, and what the person takes instead."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from desk_contracts.errors import NotFound
from desk_contracts.events.feedback import Taken
from desk_contracts.events.knowledge import Readership, Standing
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_contracts.text import plain_words
from desk_kernel import Decision
from desk_platform.http.language import Statement, sentence, spoken_catalogue, statements
from desk_platform.similar import (
    Draft,
    Found,
    IndexedTicket,
    IndexReader,
    TextIndex,
    Written,
    find_alike,
)
from desk_platform.store import Documents
from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from desk_intake.before.decide import prevent
from desk_intake.before.model import MAX_TEXT, Contact, PersonContacts
from desk_intake.before.store import IndexedProblem
from desk_intake.knowledge.api import KnowledgeDeps, find_article
from desk_intake.knowledge.model import choose_translation
from desk_intake.knowledge.store import IndexedArticle
from desk_intake.knowledge.view import say_standing
from desk_intake.status.model import KnownProblem
from desk_intake.tickets.api.bodies import Body, Name, Title
from desk_intake.tickets.api.calls import Call, Caller, actor_of
from desk_intake.tickets.api.documents import Changes, change_document
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.record import Cause

# Of each kind so many are shown, and so many compared by words and by n-grams.
MOST, CANDIDATES = 5, 5
# Problems of the service that is named, whatever they say.
_MOST_OF_SERVICE = 20
_LONGEST_SNIPPET = 300


class DraftTicket(Body):
    """What somebody is about to log."""

    model_config = example(title="VPN does not connect", device="laptop-17", service="vpn")

    title: Title
    """What is wrong or wanted, in a line."""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """Everything that helps to help."""
    service: Name = ""
    """Name or title of the service as in the status answer, if known."""
    device: Name = ""
    """The device concerned, if known."""
    language: Annotated[str, StringConstraints(max_length=35)] = ""
    """Of the words (BCP 47); left out: that of the answer."""


class Match(Frozen):
    """Something that fits, and why."""

    id: str
    title: str
    likeness: float
    """From 0 to 1; 1 is the same text. 0 where it is not told, or the service alone is the same."""
    reasons: tuple[Statement, ...]


class ProblemMatch(Match):
    """A known problem or outage. Taking it joins it."""

    service: str
    message: str
    """What to know and to do meanwhile."""
    people: int
    """How many people reported it."""
    since: datetime


class ArticleMatch(Match):
    """An article, in the caller's language if it has it."""

    language: str
    standing: Standing
    standing_text: str
    """Whose word it is, as a sentence."""
    beginning: str
    """The first of its text, as it was written."""


class ItemMatch(Match):
    """Something to help oneself with."""


class SolvedMatch(Match):
    """A ticket whose solution was confirmed by whoever asked, or verified.

    One's own, for staff those that they may see. Of anybody else's only the article is shown that
    was made of it for everybody.
    """

    code: str | None
    """Of a ticket that the caller may see."""
    solution: str
    article: str | None
    """The article that was made of it, where that is what is shown."""


class CheckView(Frozen):
    """What is known before a ticket is logged, the best first."""

    problems: tuple[ProblemMatch, ...]
    articles: tuple[ArticleMatch, ...]
    items: tuple[ItemMatch, ...]
    solved: tuple[SolvedMatch, ...]
    is_complete: bool
    """False while the desk is still reading after a start: there may be more."""


class TakenInstead(DraftTicket):
    """What somebody takes of the answer, instead of logging what they meant to."""

    model_config = example(
        title="VPN does not connect", service="vpn", taken="problem", target="p-17"
    )

    taken: Taken
    """problem: they join it; article, item or ticket: it is what they need."""
    target: Annotated[str, Field(min_length=1, max_length=200)]
    """Its id, as the check gave it."""


class ContactView(Frozen):
    """What was noted."""

    id: str
    taken: Taken
    target: str
    at: datetime
    text: str
    """What comes of it, as a sentence."""


class SelfService(Protocol):
    """What people can help themselves with; the catalogue of requests, where there is one."""

    async def find(
        self, draft: Draft, service: str, device: str, actor: Actor
    ) -> Sequence[ItemMatch]: ...

    async def has(self, item: str, actor: Actor) -> bool: ...


class NoSelfService:
    """There is no catalogue: nothing is offered, and nothing can be taken of it."""

    async def find(
        self, _draft: Draft, _service: str, _device: str, _actor: Actor
    ) -> Sequence[ItemMatch]:
        return ()

    async def has(self, _item: str, _actor: Actor) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Indexes:
    """What is searched, and who says whether it is complete."""

    tickets: TextIndex[IndexedTicket]
    articles: TextIndex[IndexedArticle]
    problems: TextIndex[IndexedProblem]
    readers: tuple[
        IndexReader[IndexedTicket] | IndexReader[IndexedArticle] | IndexReader[IndexedProblem], ...
    ]


@dataclass(frozen=True, slots=True)
class BeforeDeps:
    """What the routes need."""

    knowledge: KnowledgeDeps
    problems: Documents[KnownProblem]
    indexes: Indexes
    contacts: Changes[PersonContacts]
    items: SelfService


def before_router(deps: BeforeDeps) -> APIRouter:
    """Ask before logging, and take what is there."""
    router = APIRouter(prefix="/v1", tags=["before logging"])

    @router.post("/tickets/check", summary="What is known of this already?")
    async def check_draft(request: Request, body: DraftTicket, caller: Caller) -> CheckView:
        """Problems, articles, self-service and solved tickets that fit; nothing is kept of who
        asks. It changes nothing, so it needs no key."""
        return await _check(deps, body, actor_of(request, caller))

    @router.post("/contacts/prevented", status_code=201, summary="Take it instead of logging")
    async def take_instead(
        request: Request, body: TakenInstead, caller: Caller, call: Call
    ) -> ContactView:
        """Joins a problem, or says that an article, item or solution is what was needed. It counts
        as a prevented contact, until the same person logs the same within seven days."""
        actor = actor_of(request, caller)
        await _check_target(deps, body.taken, body.target, actor)
        id = derive_id(call.seed, "contact-of-call")

        def decide(person: PersonContacts | None, cause: Cause) -> Decision[PersonContacts]:
            return prevent(person, actor.id, _contact(id, body, cause.at), cause)

        person = await change_document(
            deps.knowledge.tickets, deps.contacts, request, call, actor.id, decide
        )
        contact = next(
            item
            for item in person.contacts
            if (item.taken, item.target) == (body.taken, body.target)
        )
        return ContactView(
            id=contact.id,
            taken=contact.taken,
            target=contact.target,
            at=contact.at,
            text=sentence(message(f"contact.{contact.taken.value}")),
        )

    return router


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


async def _check(deps: BeforeDeps, body: DraftTicket, actor: Actor) -> CheckView:
    language = body.language or spoken_catalogue().language
    # A device that is named in what is known is found like any other word.
    text = f"{body.description} {body.device}".strip()
    draft = await asyncio.to_thread(Draft, Written(body.title, text, language))
    service = deps.knowledge.tickets.charter().service_called(body.service)
    name = service.name if service and not actor.sight.hides(service.name) else ""
    return CheckView(
        problems=await _find_problems(deps, draft, name, actor),
        articles=await _find_articles(deps, draft, actor),
        items=tuple(await deps.items.find(draft, name, body.device, actor)),
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
    likenesses = {found.item.id: found for found in alike}
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
        found = likenesses.get(id)
        reasons = list(_explain(found)) if found else []
        if service and problem.service == service:
            reasons.append(message("similar.same-service", service=service))
        matches.append(
            ProblemMatch(
                id=id,
                title=sentence(problem.title),
                likeness=round(found.likeness.score, 3) if found else 0.0,
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


async def _find_articles(deps: BeforeDeps, draft: Draft, actor: Actor) -> tuple[ArticleMatch, ...]:
    found = await find_alike(
        deps.indexes.articles, draft, ["shown"], lambda item: may_show(item, actor), MOST,
        CANDIDATES,
    )  # fmt: skip
    return tuple(_view_article(item) for item in found)


def may_show(article: IndexedArticle, actor: Actor) -> bool:
    """Whether this caller may read the article."""
    if article.is_retired or any(actor.sight.hides(service) for service in article.services):
        return False
    return article.audience is Readership.EVERYBODY or actor.is_staff


def _view_article(found: Found[IndexedArticle]) -> ArticleMatch:
    article = found.item
    shown = choose_translation(article.translations, spoken_catalogue().language)
    return ArticleMatch(
        id=article.id,
        title=shown.title,
        likeness=round(found.likeness.score, 3),
        reasons=statements(_explain(found)),
        language=shown.language,
        standing=article.standing,
        standing_text=say_standing(article.standing),
        beginning=shown.body[:_LONGEST_SNIPPET],
    )


async def _find_solved(deps: BeforeDeps, draft: Draft, actor: Actor) -> tuple[SolvedMatch, ...]:
    """Of others' tickets an employee sees nothing but what was made public of them."""

    def may_see(ticket: IndexedTicket) -> bool:
        is_own = ticket.requester == actor.id
        return is_own or (actor.is_staff and not actor.sight.hides(ticket.service, ticket.team))

    index = deps.indexes.tickets
    own = [] if actor.is_staff else [f"of:{actor.id}"]
    visible = await find_alike(index, draft, ["solved", "proven", *own], may_see, MOST, CANDIDATES)
    matches = [_view_solved(found) for found in visible]
    if not actor.is_staff:
        others = await find_alike(
            index, draft, ["solved", "proven"], lambda ticket: not may_see(ticket), MOST, CANDIDATES
        )
        for found in others:
            made = await deps.indexes.articles.list_tagged(f"from:{found.item.id}", 1)
            matches += [_view_public(item) for item in made if may_show(item, actor)]
    return tuple(matches[:MOST])


def _view_solved(found: Found[IndexedTicket]) -> SolvedMatch:
    ticket = found.item
    return SolvedMatch(
        id=ticket.id,
        title=ticket.title,
        likeness=round(found.likeness.score, 3),
        reasons=statements(_explain(found)),
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


def _explain(
    found: Found[IndexedTicket] | Found[IndexedArticle] | Found[IndexedProblem],
) -> Iterator[Message]:
    if found.likeness.shared:
        yield message("similar.shared-words", words=found.likeness.shared)
    else:
        yield message("similar.alike-letters")


async def _check_target(deps: BeforeDeps, taken: Taken, target: str, actor: Actor) -> None:
    """Only what is there, and what this caller may know of, can be taken."""
    checks: dict[Taken, Callable[[], Awaitable[bool]]] = {
        Taken.PROBLEM: lambda: _has_problem(deps, target, actor),
        Taken.ARTICLE: lambda: _has_article(deps, target, actor),
        Taken.ITEM: lambda: deps.items.has(target, actor),
        Taken.TICKET: lambda: _has_solved(deps, target, actor),
    }
    if not await checks[taken]():
        raise NotFound(
            message("refused.nothing-to-take", taken=taken.value, target=target), target=target
        )


async def _has_problem(deps: BeforeDeps, id: str, actor: Actor) -> bool:
    stored = (await deps.problems.load([id])).get(id)
    problem = stored.read() if stored else None
    return problem is not None and is_told(problem, actor)


async def _has_article(deps: BeforeDeps, id: str, actor: Actor) -> bool:
    await find_article(deps.knowledge, id, actor)
    return True


async def _has_solved(deps: BeforeDeps, id: str, actor: Actor) -> bool:
    ticket = await deps.indexes.tickets.find(id)
    if ticket is None or not ticket.is_proven:
        return False
    is_hidden = actor.sight.hides(ticket.service, ticket.team)
    return ticket.requester == actor.id or (actor.is_staff and not is_hidden)
