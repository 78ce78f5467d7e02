"""What people look for, for those who write articles: words that five people or more looked for."""

from typing import Annotated

from desk_contracts.frozen import Frozen
from desk_platform.clock import Clock
from desk_platform.http import STAFF, Principal, WrittenDay, require
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Query

from desk_intake.searches.decide import name_week
from desk_intake.searches.model import LEAST_PEOPLE, SearchedWord

MOST = 200


class SearchedWordView(Frozen):
    """A word that people looked for before they logged a ticket."""

    word: str
    people: int
    """Different people of the week, rounded down to a multiple of five."""
    found_nothing: int | None
    """How many of them found nothing, rounded in the same way; null: fewer than five, or none."""


class SearchesView(Frozen):
    """What was looked for in one week."""

    week: str
    least_people: int
    """Words of fewer different people are not told."""
    words: tuple[SearchedWordView, ...]


def searches_router(searches: Documents[SearchedWord], clock: Clock) -> APIRouter:
    """`GET /v1/searches`."""
    router = APIRouter(prefix="/v1/searches", tags=["knowledge"])

    @router.get("", summary="What do people look for?")
    async def list_searches(
        _caller: Annotated[Principal, Depends(require(*STAFF))],
        day: Annotated[
            WrittenDay | None,
            Query(description="A day of the week that is meant; left out: today."),
        ] = None,
    ) -> SearchesView:
        """The words of a week, the most frequent first, and how many found nothing. Nobody can
        tell from it who looked for what."""
        week = name_week(day or clock.now().date())
        rows = await searches.find({"week": week}, order="order", limit=MOST)
        words = [word for row in rows if (word := row.read()) is not None and word.shown]
        return SearchesView(
            week=week,
            least_people=LEAST_PEOPLE,
            words=tuple(
                SearchedWordView(
                    word=word.word, people=word.shown, found_nothing=word.shown_without or None
                )
                for word in words
            ),
        )

    return router
