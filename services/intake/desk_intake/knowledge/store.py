"""How articles and ratings are kept and searched; what the index of articles knows."""

from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.events.knowledge import ArticleRevised, Endorsement, Readership, Translation
from desk_kernel.likeness import MAX_TEXT
from desk_platform.similar import IndexedModel, Written
from desk_platform.store import Schema

from desk_intake.knowledge.model import Article, Rating


def _facets(article: Article) -> dict[str, object]:
    shown = "retired" if article.is_retired else article.audience.value
    return {"shown": shown, "endorsement": article.endorsement.value, "newest": article.newest}


ARTICLES = Schema(
    collection="articles",
    model=Article,
    facets=_facets,
    brief=lambda article: article.model_copy(
        update={"revisions": article.revisions[-1:], "commands": ()}
    ),
    searched=(("shown", "endorsement", "newest"), ("shown", "newest"), ("endorsement", "newest")),
    kept="one for each article",
)
RATINGS = Schema(
    collection="ratings",
    model=Rating,
    facets=lambda rating: {"article": rating.article, "helped": rating.helped},
    searched=(("article", "helped"),),
    kept="one for each article and person",
)


class IndexedArticle(IndexedModel):
    """An article as it is found."""

    revision: int
    audience: Readership
    endorsement: Endorsement
    translations: tuple[Translation, ...]
    services: tuple[str, ...] = ()
    ticket: str = ""
    author: str
    is_retired: bool = False
    changed_at: datetime

    @property
    def tags(self) -> frozenset[str]:
        """Whether it can be shown to anybody, and the ticket it was made from."""
        if self.is_retired:
            return frozenset()
        made = {f"from:{self.ticket}"} if self.ticket else set()
        return frozenset({"shown", *made})

    @property
    def texts(self) -> tuple[Written, ...]:
        """One for each language."""
        return tuple(
            Written(item.title, item.body[:MAX_TEXT], item.language) for item in self.translations
        )

    @property
    def at(self) -> datetime:
        """When it was changed."""
        return self.changed_at


def follow_article(article: IndexedArticle | None, event: AnyEvent) -> IndexedArticle | None:
    """The article after an event; None for one that is known already, or older."""
    data = event.data
    if not isinstance(data, ArticleRevised):
        return None
    if article is not None and data.revision <= article.revision:
        return None
    return IndexedArticle(
        id=event.subject,
        revision=data.revision,
        audience=data.audience,
        endorsement=data.endorsement,
        translations=data.translations,
        services=data.services,
        ticket=data.ticket,
        author=data.author,
        is_retired=data.is_retired,
        changed_at=event.time,
    )
