"""How searched words are kept: by week, the most searched first."""

from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_intake.searches.decide import forget_people
from desk_intake.searches.model import SearchedWord

SEARCHES = Schema(
    collection="searches",
    model=SearchedWord,
    facets=lambda word: {"week": word.week, "order": -word.shown},
    searched=(("week", "order"),),
    kept="one for each word and week, always; the digests of people until the week is over",
)


def searches_projection(documents: Documents[SearchedWord]) -> Projection[SearchedWord]:
    """Words that are searched, changed by whoever counts; people are forgotten by a timer."""
    return Projection(documents, on_timer=forget_people)
