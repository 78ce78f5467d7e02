"""`desk.knowledge`: what is known, for everybody to read. Key: the article id; written by intake.

The topic is compacted: the newest record of a key is the whole article.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.people import OptionalPerson, PersonId
from desk_contracts.value_types import LongText, ShortText, Value


class Readership(StrEnum):
    """Who may read an article."""

    EVERYBODY = "everybody"
    STAFF = "staff"


class Endorsement(StrEnum):
    """Whose word it is: the desk's, a colleague's, or a colleague's that the desk adopted."""

    WRITTEN = "written"
    OFFERED = "offered"
    ADOPTED = "adopted"


class Translation(Value):
    """The article in one language, in Markdown as its author wrote it: sanitise it to show it."""

    language: str = Field(description="BCP 47.")
    title: ShortText
    body: LongText


class ArticleRevised(Payload, type="desk.article.revised.v1", topic=names.KNOWLEDGE):
    """The article as it stands from now on, in all its languages."""

    revision: int = Field(ge=1, description="Grows by one with each change.")
    audience: Readership
    endorsement: Endorsement
    translations: Annotated[tuple[Translation, ...], Field(min_length=1)]
    services: tuple[str, ...] = Field(
        default=(), description="Whoever may not see one of them does not see the article."
    )
    ticket: str = Field(default="", description="The solved ticket it was made from.")
    author: PersonId
    by: PersonId = Field(description="Who made this revision.")
    adopted_by: OptionalPerson = ""
    is_retired: bool = Field(default=False, description="Nobody is shown it any more.")
