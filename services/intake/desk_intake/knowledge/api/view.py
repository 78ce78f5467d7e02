"""Articles as people read them. Of a colleague's answer they read that it is one, not whose."""

from datetime import datetime

from desk_contracts.events.knowledge import Endorsement, Readership, Translation
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_platform.http.language import sentence, spoken_catalogue

from desk_intake.knowledge.markdown import render_markdown
from desk_intake.knowledge.model import Article, choose_translation
from desk_intake.tickets.lifecycle import Actor

# More than this are counted as so many: that it helped many is known by then.
MAX_COUNTED = 1_000
_ENDORSEMENTS = {
    Endorsement.WRITTEN: message("article.written"),
    Endorsement.OFFERED: message("article.offered"),
    Endorsement.ADOPTED: message("article.adopted"),
}


class ArticleSummary(Frozen):
    """An article in a list."""

    id: str
    title: str
    language: str
    """Of title and text (BCP 47): the caller's if the article has it."""
    languages: tuple[str, ...]
    """All that it is written in."""
    audience: Readership
    endorsement: Endorsement
    endorsement_text: str
    """The endorsement as a sentence: whose word it is."""
    services: tuple[str, ...]
    is_retired: bool
    made_at: datetime
    changed_at: datetime


class ArticleView(ArticleSummary):
    """An article, whole, in one language."""

    revision: int
    body: str
    """Markdown, as it was written."""
    html: str
    """The same to show: sanitised, without images."""
    helped: int
    """How many people said that it helped; 1,000 stands for as many or more."""
    did_not_help: int
    is_own: bool
    """Whether the caller wrote it."""
    author: str | None
    """Who wrote it; for staff."""
    adopted_by: str | None
    """Who of staff adopted it; for staff."""
    ticket: str | None
    """The ticket it was made from; for staff."""
    translations: tuple[Translation, ...]
    """The article in every language, as whoever changes it sends it back."""


class RevisionView(Frozen):
    """What an article said from one moment on."""

    number: int
    at: datetime
    by: str
    translations: tuple[Translation, ...]


class RevisionsView(Frozen):
    """What an article said and says, the newest first."""

    items: tuple[RevisionView, ...]
    forgotten: int
    """How many earlier ones are not kept."""


def summarise(article: Article) -> ArticleSummary:
    """As lists show it, in the language of the request."""
    shown = choose_translation(article.translations, spoken_catalogue().language)
    return ArticleSummary(
        id=article.id,
        title=shown.title,
        language=shown.language,
        languages=tuple(item.language for item in article.translations),
        audience=article.audience,
        endorsement=article.endorsement,
        endorsement_text=say_endorsement(article.endorsement),
        services=article.services,
        is_retired=article.is_retired,
        made_at=article.made_at,
        changed_at=article.changed_at,
    )


def show(article: Article, actor: Actor, helped: int, did_not_help: int) -> ArticleView:
    """The whole, in the language of the request, as this reader may see it."""
    shown = choose_translation(article.translations, spoken_catalogue().language)

    def for_staff(text: str) -> str | None:
        return text if actor.is_staff and text else None

    return ArticleView(
        **dict(summarise(article)),
        revision=article.revision,
        body=shown.body,
        html=render_markdown(shown.body),
        helped=helped,
        did_not_help=did_not_help,
        is_own=article.author == actor.id,
        author=for_staff(article.author),
        adopted_by=for_staff(article.adopted_by),
        ticket=for_staff(article.ticket),
        translations=article.translations,
    )


def list_revisions(article: Article) -> RevisionsView:
    """What it said, for staff."""
    return RevisionsView(
        items=tuple(
            RevisionView(number=item.number, at=item.at, by=item.by, translations=item.translations)
            for item in reversed(article.revisions)
        ),
        forgotten=article.forgotten,
    )


def say_endorsement(endorsement: Endorsement) -> str:
    """Whose word it is, as a sentence."""
    return sentence(_ENDORSEMENTS[endorsement])
