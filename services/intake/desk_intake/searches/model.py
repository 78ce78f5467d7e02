"""A word that people looked for in one week, and how many different people did."""

from desk_contracts.frozen import Frozen

# Fewer different people would be told apart; counts are told in steps of as many.
LEAST_PEOPLE = 5
# More people than this are counted as so many.
MAX_PEOPLE = 1_000


class SearchedWord(Frozen):
    """Of people only keyed digests, which differ from week to week, until the week is over."""

    word: str
    week: str
    people: frozenset[str] = frozenset()
    # Those for whom nothing was found.
    without: frozenset[str] = frozenset()
    # What is left when the digests are dropped, in steps of `LEAST_PEOPLE`.
    counted: int = 0
    counted_without: int = 0

    @property
    def shown(self) -> int:
        """How many people looked for it, as it is told: 0 for too few."""
        return self.counted or count_in_steps(self.people)

    @property
    def shown_without(self) -> int:
        """How many of them found nothing, as it is told: 0 for too few."""
        return self.counted_without or count_in_steps(self.without)


def count_in_steps(people: frozenset[str]) -> int:
    """Rounded down, so that no single person's search shows in the difference of two answers."""
    return len(people) // LEAST_PEOPLE * LEAST_PEOPLE
