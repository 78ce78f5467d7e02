"""What callers send about articles."""

from typing import Annotated

from desk_contracts.events.knowledge import Readership
from desk_contracts.frozen import example
from desk_platform.http import Name
from pydantic import Field, StringConstraints

from desk_intake.tickets.api.bodies import Body, Text, Title

MAX_LANGUAGES = 20
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class ArticleText(Body):
    """An article in one language."""

    language: Language
    """Of the text (BCP 47)."""
    title: Title
    """What it is about, in a line, as people would ask for it."""
    body: Text
    """Markdown; raw HTML in it is shown as text, images are left out."""


Texts = Annotated[tuple[ArticleText, ...], Field(min_length=1, max_length=MAX_LANGUAGES)]
Services = Annotated[tuple[Name, ...], Field(max_length=20)]


class NewArticle(Body):
    """An article of the desk, or somebody's own answer."""

    model_config = example(
        translations=[
            {
                "language": "en",
                "title": "VPN at home",
                "body": "Restart the *client*, then sign in.",
            }
        ],
        services=["vpn"],
    )

    translations: Texts
    """The text in each language, 40 KiB in all."""
    audience: Readership = Readership.EVERYBODY
    """Who may read it; `staff` only from staff."""
    services: Services = ()
    """What it is about, by name or title as in the status answer."""


class ArticleChange(Body):
    """What of an article is new; what is left out stays."""

    model_config = example(services=["vpn", "mail"])

    translations: Texts | None = None
    """The text in each language; it replaces all."""
    audience: Readership | None = None
    """Who may read it."""
    services: Services | None = None
    """What it is about."""


class ArticleOfTicket(Body):
    """What to make of a solved ticket; what is left out is taken from it."""

    model_config = example()

    title: Title | None = None
    """Left out: the ticket's, which is the words of whoever asked."""
    body: Text | None = None
    """Left out: what was said to solve it."""
    audience: Readership = Readership.STAFF
    """Who may read it. Words of a ticket become public only where somebody says so."""


class NewRating(Body):
    """Whether it helped."""

    model_config = example(helped=True)

    helped: bool
    """A later answer of the same person replaces it."""
