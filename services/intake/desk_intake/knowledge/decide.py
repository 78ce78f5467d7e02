"""Who may do what with an article, and the events it means. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from desk_contracts.errors import Forbidden, Invalid, NotFound, Rejected
from desk_contracts.events.feedback import ArticleRated
from desk_contracts.events.knowledge import ArticleRevised, Endorsement, Readership, Translation
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_kernel import Decision

from desk_intake.knowledge.model import Article, Rating, Revision
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.record import Cause, emit


class Content(NamedTuple):
    """What an article says, to whom, and what it is about."""

    translations: tuple[Translation, ...]
    audience: Readership
    services: tuple[str, ...] = ()


def may_read(article: Article, actor: Actor) -> bool:
    """What is about a confidential service is for those who may see that; what is retired or for
    staff is for staff; what one wrote oneself one may always read."""
    if any(actor.sight.hides(service) for service in article.services):
        return False
    is_shown = article.audience is Readership.EVERYBODY and not article.is_retired
    return is_shown or actor.is_staff or article.author == actor.id


def seen(article: Article | None, actor: Actor, id: str) -> Article:
    """The article, if there is one that this caller may know of."""
    if article is None or not may_read(article, actor):
        raise NotFound(message("refused.no-such-article", article=id), article=id)
    return article


def check_languages(translations: Sequence[Translation]) -> None:
    """Refuse two texts in one language: nobody could say which of them is shown."""
    languages = [item.language.casefold() for item in translations]
    twice = next((item for item in languages if languages.count(item) > 1), None)
    if twice is not None:
        raise Invalid(
            message("refused.language-twice", language=twice), code="language-twice", language=twice
        )


def write(id: str, actor: Actor, content: Content, at: datetime, ticket: str = "") -> Article:
    """A new article: the desk's word from staff, a colleague's answer from everybody else."""
    check_languages(content.translations)
    if content.audience is Readership.STAFF and not actor.is_staff:
        raise Forbidden(message("refused.article-for-staff"))
    return Article(
        id=id,
        audience=content.audience,
        endorsement=Endorsement.WRITTEN if actor.is_staff else Endorsement.OFFERED,
        services=content.services,
        ticket=ticket,
        author=actor.id,
        made_at=at,
        changed_at=at,
        revisions=(Revision(number=1, at=at, by=actor.id, translations=content.translations),),
    )


def may_change(article: Article, actor: Actor) -> None:
    """Staff change every article, others their own answer until the desk adopts it."""
    if actor.is_staff:
        return
    if article.author != actor.id or article.endorsement is not Endorsement.OFFERED:
        raise Forbidden(message("refused.article-of-others"))


def revise(article: Article, actor: Actor, content: Content, at: datetime) -> Article:
    """The article after a change; the same one if nothing of it is new."""
    may_change(article, actor)
    if content.audience is Readership.STAFF and not actor.is_staff:
        raise Forbidden(message("refused.article-for-staff"))
    changed = article.model_copy(
        update={"audience": content.audience, "services": content.services}
    )
    if content.translations != article.translations:
        check_languages(content.translations)
        changed = changed.with_revision(
            Revision(
                number=article.revision + 1,
                at=at,
                by=actor.id,
                translations=content.translations,
            )
        )
    return _after(article, changed, at)


def adopt(article: Article, actor: Actor, at: datetime) -> Article:
    """Staff stand for a colleague's answer from now on; for all else the desk does already."""
    if article.endorsement is not Endorsement.OFFERED:
        return article
    if article.is_retired:
        raise Rejected(message("refused.nothing-to-adopt"), code="nothing-to-adopt")
    adopted = {"endorsement": Endorsement.ADOPTED, "adopted_by": actor.id}
    return _after(article, article.model_copy(update=adopted), at)


def retire(article: Article, actor: Actor, at: datetime) -> Article:
    """Nobody is shown it any more; staff and its author can still read it."""
    may_change(article, actor)
    return _after(article, article.model_copy(update={"is_retired": True}), at)


def restore(article: Article, at: datetime) -> Article:
    """It is shown again."""
    return _after(article, article.model_copy(update={"is_retired": False}), at)


def _after(before: Article, after: Article, at: datetime) -> Article:
    if after == before:
        return before
    moment = max(at, before.changed_at)
    return after.model_copy(update={"revision": before.revision + 1, "changed_at": moment})


def publish(article: Article, by: str, cause: Cause) -> Decision[Article]:
    """The article and the event that says the whole of it."""
    revised = ArticleRevised(
        revision=article.revision,
        audience=article.audience,
        endorsement=article.endorsement,
        translations=article.translations,
        services=article.services,
        ticket=article.ticket,
        author=article.author,
        by=by,
        adopted_by=article.adopted_by,
        is_retired=article.is_retired,
    )
    event = emit(cause, revised, about=article.id, subject=article.id, at=article.changed_at)
    return Decision(article, (event,))


def rate(
    rating: Rating | None, id: str, article: Article, actor: Actor, cause: Cause, *, helped: bool
) -> Decision[Rating]:
    """One person's word on an article; it replaces what they said before."""
    if article.author == actor.id:
        raise Rejected(message("refused.own-article"), code="own-article")
    after = Rating(
        id=id,
        commands=rating.commands if rating else (),
        article=article.id,
        revision=article.revision,
        helped=helped,
        by=actor.id,
        number=rating.number + 1 if rating else 1,
        at=cause.at,
    )
    data = ArticleRated(
        article=article.id, revision=article.revision, rating=after.number, helped=helped,
        by=actor.id,
    )  # fmt: skip
    event = emit(cause, data, about=article.id, subject=article.id, at=cause.at)
    return Decision(after, (event,))


def derive_rating_id(article: str, person: str) -> str:
    """Where one person's word on an article is kept."""
    return derive_id(article, f"rating/{person}")


def derive_article_id(ticket: str) -> str:
    """The article that is made from a ticket: one, however often it is asked for."""
    return derive_id(ticket, "article-of-ticket")
