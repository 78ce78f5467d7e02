"""What can be kept in an index of texts, what is asked of it, and what it answers."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from desk_contracts.frozen import Frozen
from desk_kernel.likeness import ListedTerms


class Written(NamedTuple):
    """A text and its language (BCP 47)."""

    title: str
    text: str = ""
    language: str = "en"


class Audience(StrEnum):
    """Who may know that a text has a word. The names are those of fields of the index."""

    ALL = "for_all"
    STAFF = "for_staff"

    @property
    def stems(self) -> str:
        """The field of the stems of these words."""
        return f"{self}_stems"


class Words(NamedTuple):
    """Words that can be asked for, and their language (BCP 47)."""

    words: tuple[str, ...]
    language: str = "en"


class IndexedModel(Frozen):
    """What can be kept in an index. Tags are what a search can be narrowed to."""

    id: str
    code: str = ""

    @property
    @abstractmethod
    def tags(self) -> frozenset[str]: ...

    @property
    @abstractmethod
    def texts(self) -> Sequence[Written]:
        """What it is compared by."""

    def choose_searched(self, terms: Sequence[ListedTerms]) -> Mapping[Audience, Words]:  # noqa: ARG002
        """What `list_having` finds it by: nothing, unless a model says otherwise.

        `terms` are those of its texts."""
        return {}

    @property
    @abstractmethod
    def at(self) -> datetime: ...


S = TypeVar("S", bound=IndexedModel)


class TextQuery(NamedTuple):
    """What texts have to have: each word, or its stem; or all of it is the code of one."""

    words: tuple[str, ...]
    stems: tuple[str, ...]
    """As many, in the same order."""
    code: str


class TextMatch(NamedTuple, Generic[S]):
    """One that has what was asked for, and who may be told so."""

    item: S
    audience: Audience


class Candidate(NamedTuple, Generic[S]):
    """A text that may be meant, and its BM25 as a part of that of the best one."""

    item: S
    closeness: float


def place_in_time(at: datetime) -> int:
    """Grows backwards, as lists have the newest first; in milliseconds, and never negative."""
    return 2**52 - int(at.timestamp() * 1000)
