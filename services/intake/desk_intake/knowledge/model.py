"""An article, its revisions, and who says whether it helped. Frozen."""

from datetime import datetime

from desk_contracts.events.knowledge import Endorsement, Readership, Translation
from desk_contracts.frozen import Frozen

from desk_intake.tickets.calls import Document

# What one document keeps of earlier revisions, in characters; the log of the topic is compacted.
MAX_HISTORY_TEXT = 300_000  # desk-skip: mutate one more or less bounds as well


class Revision(Frozen):
    """What an article said from one moment on, and by whom."""

    number: int
    at: datetime
    by: str
    translations: tuple[Translation, ...]

    @property
    def size(self) -> int:
        """About how many characters it holds."""
        return sum(len(item.title) + len(item.body) for item in self.translations)


class Article(Document):
    """An article as it stands; `revisions` ends with what it says now."""

    audience: Readership
    endorsement: Endorsement
    services: tuple[str, ...] = ()
    ticket: str = ""
    author: str
    adopted_by: str = ""
    is_retired: bool = False
    # Grows with each change, of what it says or of its endorsement.
    revision: int = 1
    made_at: datetime
    changed_at: datetime
    revisions: tuple[Revision, ...]
    # Earlier ones that are not kept.
    forgotten: int = 0

    @property
    def translations(self) -> tuple[Translation, ...]:
        """What it says now."""
        return self.revisions[-1].translations

    @property
    def newest(self) -> int:
        """The sort key of listings: it grows backwards, as stores list in ascending order."""
        return -int(self.made_at.timestamp() * 1000)

    def with_revision(self, revision: Revision) -> "Article":
        """The article with new words; the oldest make room when it is full."""
        kept, gone = [*self.revisions, revision], 0
        while len(kept) > 1 and sum(item.size for item in kept) > MAX_HISTORY_TEXT:
            kept.pop(0)
            gone += 1
        return self.model_copy(
            update={"revisions": tuple(kept), "forgotten": self.forgotten + gone}
        )


class Rating(Document):
    """Whether an article helped one person: their last word."""

    article: str
    revision: int
    helped: bool
    by: str
    number: int
    at: datetime


def choose_translation(translations: tuple[Translation, ...], language: str) -> Translation:
    """In the language, else in its main language, else in English, else the first."""
    wanted = language.casefold()
    for tag in (wanted, wanted.partition("-")[0], "en"):
        for item in translations:
            if tag in (item.language.casefold(), item.language.casefold().partition("-")[0]):
                return item
    return translations[0]
