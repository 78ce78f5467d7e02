"""Articles over HTTP: read by everybody, written by staff and by colleagues, adopted by staff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

from desk_contracts.errors import Forbidden, Invalid
from desk_contracts.events.knowledge import Endorsement, Readership, Translation
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Decision
from desk_platform.http import (
    STAFF,
    Page,
    PageRequest,
    Precondition,
    Principal,
    etag,
    find_visible,
    link_next,
    not_modified,
    place_of,
    precondition,
    require,
)
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.store import Documents, Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from desk_intake.knowledge import decide
from desk_intake.knowledge.api.bodies import (
    ArticleChange,
    ArticleOfTicket,
    ArticleText,
    NewArticle,
    NewRating,
)
from desk_intake.knowledge.api.view import (
    MAX_COUNTED,
    ArticleSummary,
    ArticleView,
    RevisionsView,
    list_revisions,
    show,
    summarise,
)
from desk_intake.knowledge.model import Article, Rating
from desk_intake.tickets.api.bodies import EmptyBody
from desk_intake.tickets.api.calls import PRIVATE, Call, Caller, actor_of, find
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.documents import DocumentChanges, change_document
from desk_intake.tickets.api.listing import AskedPage
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause

Staff = Annotated[Principal, Depends(require(*STAFF))]
Version = Annotated[Precondition, Depends(precondition)]
Change = Callable[[Article, datetime], Article]


@dataclass(frozen=True, slots=True)
class KnowledgeDeps:
    """What the routes need."""

    tickets: TicketDeps
    articles: Documents[Article]
    changes: DocumentChanges[Article]
    ratings: Documents[Rating]
    rated: DocumentChanges[Rating]


@dataclass(frozen=True, slots=True)
class ArticleAction:
    """One thing that somebody does with an article, once however often it is asked for."""

    request: Request
    article: str
    actor: Actor
    call: IdempotentCall


async def _of_anybody(request: Request, article: str, caller: Caller, call: Call) -> ArticleAction:
    return ArticleAction(request, article, actor_of(request, caller), call)


async def _of_staff(request: Request, article: str, caller: Staff, call: Call) -> ArticleAction:
    return ArticleAction(request, article, actor_of(request, caller), call)


ByAnybody = Annotated[ArticleAction, Depends(_of_anybody)]
ByStaff = Annotated[ArticleAction, Depends(_of_staff)]


def knowledge_router(deps: KnowledgeDeps) -> APIRouter:
    """Write, read, rate and adopt articles."""
    router = APIRouter(prefix="/v1", tags=["knowledge"])
    _add_writing(router, deps)
    _add_reading(router, deps)
    _add_changing(router, deps)
    _add_judging(router, deps)
    return router


def _add_writing(router: APIRouter, deps: KnowledgeDeps) -> None:
    @router.post(
        "/articles", status_code=201, response_model=ArticleView, summary="Write an article"
    )
    async def write_article(
        request: Request, body: NewArticle, caller: Caller, call: Call
    ) -> Response:
        """From staff it is the desk's word; from everybody else a colleague's answer, shown as
        that until staff adopt it."""
        actor, id = actor_of(request, caller), derive_id(call.seed, "article-of-call")
        content = decide.Content(
            _texts(body.translations), body.audience, _services(deps, body.services, actor)
        )
        action = ArticleAction(request, id, actor, call)
        return await _write(deps, action, lambda cause: decide.write(id, actor, content, cause.at))

    @router.post(
        "/tickets/{ticket}/article",
        status_code=201,
        response_model=ArticleView,
        summary="Make an article of a ticket",
    )
    async def write_from_ticket(
        request: Request, ticket: str, body: ArticleOfTicket, caller: Staff, call: Call
    ) -> Response:
        """In one call: its title and what was said to solve it, for staff unless said otherwise."""
        actor = actor_of(request, caller)
        solved = await find(deps.tickets, ticket, actor)
        id = decide.derive_article_id(solved.id)
        service = deps.tickets.charter().service_called(solved.service)
        content = decide.Content(
            (_text_of_ticket(solved, body),), body.audience, (service.name,) if service else ()
        )
        action = ArticleAction(request, id, actor, call)
        return await _write(
            deps, action, lambda cause: decide.write(id, actor, content, cause.at, solved.id)
        )


def _add_reading(router: APIRouter, deps: KnowledgeDeps) -> None:
    @router.get("/articles", response_model=Page[ArticleSummary], summary="List articles")
    async def list_articles(
        request: Request,
        caller: Caller,
        page: AskedPage,
        audience: Annotated[
            Readership, Query(description="Of which audience; `staff` only for staff.")
        ] = Readership.EVERYBODY,
        endorsement: Annotated[
            Endorsement | None, Query(description="Of this endorsement only.")
        ] = None,
    ) -> Response:
        """The newest first; what is retired is in no list."""
        actor = actor_of(request, caller)
        if audience is Readership.STAFF and not actor.is_staff:
            raise Forbidden(message("refused.article-for-staff"))
        filters = {"shown": audience.value} | (
            {"endorsement": endorsement.value} if endorsement else {}
        )
        return await _list(deps, request, page, filters, actor)

    @router.get("/articles/{article}", response_model=ArticleView, summary="Read an article")
    async def show_article(request: Request, article: str, caller: Caller) -> Response:
        """In the caller's language if it has it, as Markdown and as HTML that is safe to show."""
        actor = actor_of(request, caller)
        return await _answer(deps, request, await find_article(deps, article, actor), actor)

    @router.get("/articles/{article}/revisions", summary="Read what an article said")
    async def show_revisions(request: Request, article: str, caller: Staff) -> RevisionsView:
        """Every revision that is kept, the newest first."""
        return list_revisions(await find_article(deps, article, actor_of(request, caller)))


def _add_changing(router: APIRouter, deps: KnowledgeDeps) -> None:
    @router.patch("/articles/{article}", response_model=ArticleView, summary="Change an article")
    async def change_article(body: ArticleChange, action: ByAnybody, version: Version) -> Response:
        """Only what is given changes. Needs the ETag of the version you have read."""
        actor = action.actor
        texts = None if body.translations is None else _texts(body.translations)
        services = None if body.services is None else _services(deps, body.services, actor)

        def revise(article: Article, at: datetime) -> Article:
            content = decide.Content(
                article.translations if texts is None else texts,
                body.audience or article.audience,
                article.services if services is None else services,
            )
            return decide.revise(article, actor, content, at)

        return await _change(deps, action, version, revise)


def _add_judging(router: APIRouter, deps: KnowledgeDeps) -> None:
    @router.post("/articles/{article}/adopt", response_model=ArticleView, summary="Stand for it")
    async def adopt_article(
        action: ByStaff, version: Version, _body: EmptyBody | None = None
    ) -> Response:
        """A colleague's answer is the desk's from now on. Needs the ETag of what you have read."""
        adopt = partial(decide.adopt, actor=action.actor)
        return await _change(deps, action, version, lambda it, at: adopt(it, at=at))

    @router.post(
        "/articles/{article}/retire", response_model=ArticleView, summary="Show it no more"
    )
    async def retire_article(
        action: ByAnybody, version: Version, _body: EmptyBody | None = None
    ) -> Response:
        """It is found and listed no more. Needs the ETag of what you have read."""
        retire = partial(decide.retire, actor=action.actor)
        return await _change(deps, action, version, lambda it, at: retire(it, at=at))

    @router.post("/articles/{article}/restore", response_model=ArticleView, summary="Show it again")
    async def restore_article(
        action: ByStaff, version: Version, _body: EmptyBody | None = None
    ) -> Response:
        """What was retired is shown again. Needs the ETag of what you have read."""
        return await _change(deps, action, version, decide.restore)

    @router.post("/articles/{article}/rating", response_model=ArticleView, summary="Did it help?")
    async def rate_article(body: NewRating, action: ByAnybody) -> Response:
        """Of each person the last answer counts; nobody rates what they wrote themselves."""
        actor = action.actor
        article = await find_article(deps, action.article, actor)
        id = decide.derive_rating_id(article.id, actor.id)

        def rate(rating: Rating | None, cause: Cause) -> Decision[Rating]:
            return decide.rate(rating, id, article, actor, cause, helped=body.helped)

        await change_document(deps.tickets, deps.rated, action.request, action.call, id, rate)
        return await _answer(deps, action.request, article, actor)


async def _list(
    deps: KnowledgeDeps,
    request: Request,
    page: PageRequest,
    filters: Mapping[str, object],
    actor: Actor,
) -> Response:
    cursors, listing, after = deps.tickets.cursors, f"articles {sorted(filters.items())}", None
    if page.cursor is not None:
        position = cursors.read(listing, page.cursor)
        after = (position.sort, position.id)

    async def find_page(after: After | None, limit: int) -> list[Listed[Article]]:
        return await deps.articles.find_brief(filters, order="newest", after=after, limit=limit)

    def may_see(listed: Listed[Article]) -> bool:
        return listed.state is not None and decide.may_read(listed.state, actor)

    rows = await find_visible(find_page, may_see, after, page.limit)
    headers, following = dict(PRIVATE), None
    if len(rows) > page.limit:
        following = cursors.write(listing, place_of(rows[page.limit - 1]))
        headers["Link"] = link_next(request, following)
    items = tuple(summarise(row.state) for row in rows[: page.limit] if row.state is not None)
    answered = Page[ArticleSummary](items=items, next=following)
    return Response(answered.model_dump_json(), 200, headers, "application/json")


async def find_article(deps: KnowledgeDeps, id: str, actor: Actor) -> Article:
    """The article of that id, if this caller may know of it."""
    stored = (await deps.articles.load([id])).get(id)
    return decide.seen(stored.read() if stored else None, actor, id)


async def _write(
    deps: KnowledgeDeps, action: ArticleAction, write: Callable[[Cause], Article]
) -> Response:
    """A new article; one that is there already from another call is left as it is."""

    def make(article: Article | None, cause: Cause) -> Decision[Article]:
        if article is not None:
            return Decision(article)
        return decide.publish(write(cause), action.actor.id, cause)

    article = await change_document(
        deps.tickets, deps.changes, action.request, action.call, action.article, make
    )
    response = await _answer(deps, action.request, article, action.actor, 201)
    response.headers["Location"] = f"/v1/articles/{article.id}"
    return response


async def _change(
    deps: KnowledgeDeps, action: ArticleAction, version: Precondition, change: Change
) -> Response:
    def rule(article: Article | None, cause: Cause) -> Decision[Article]:
        before = decide.seen(article, action.actor, action.article)
        version.check(before.revision)
        after = change(before, cause.at)
        if after is before:
            return Decision(before)
        return decide.publish(after, action.actor.id, cause)

    article = await change_document(
        deps.tickets, deps.changes, action.request, action.call, action.article, rule
    )
    return await _answer(deps, action.request, article, action.actor)


async def _answer(
    deps: KnowledgeDeps, request: Request, article: Article, actor: Actor, status: int = 200
) -> Response:
    """The article with its ETag, which also changes with what people say of it."""
    helped, did_not = [
        len(await deps.ratings.find_facets(
            {"article": article.id, "helped": helped}, limit=MAX_COUNTED
        ))
        for helped in (True, False)
    ]  # fmt: skip
    beside = helped * (MAX_COUNTED + 1) + did_not
    if request.method == "GET" and (same := not_modified(request, article.revision, beside)):
        return same
    view = show(article, actor, helped, did_not)
    headers = {"ETag": etag(article.revision, beside), **PRIVATE}
    return Response(view.model_dump_json(), status, headers, "application/json")


def _texts(texts: tuple[ArticleText, ...]) -> tuple[Translation, ...]:
    return tuple(
        Translation(language=item.language, title=item.title, body=item.body) for item in texts
    )


def _services(deps: KnowledgeDeps, written: tuple[str, ...], actor: Actor) -> tuple[str, ...]:
    """Services as the charter names them; one that is hidden from the caller is none."""
    names = []
    for name in written:
        service = deps.tickets.charter().service_called(name)
        if service is None or actor.sight.hides(service.name):
            raise Invalid(
                message("refused.unknown-service", service=name),
                code="unknown-service",
                service=name,
            )
        names.append(service.name)
    return tuple(dict.fromkeys(names))


def _text_of_ticket(ticket: Ticket, body: ArticleOfTicket) -> Translation:
    words = body.body or (sentence(ticket.resolution) if ticket.resolution else "")
    if not words:
        raise Invalid(
            message("refused.no-solution-yet", code=ticket.code),
            code="no-solution",
            ticket=ticket.id,
        )
    language = ticket.language if body.body is None else spoken_catalogue().language
    return Translation(language=language, title=body.title or ticket.title, body=words)
