"""A few tickets to look at behind each figure: their numbers, as the log writes them."""

from bisect import insort
from dataclasses import dataclass, field

MOST_EXAMPLES = 3


@dataclass(slots=True)  # not frozen: it is filled while tickets are added up
class Examples:
    """The tickets with most of something; of equals those whose number comes first."""

    _kept: list[tuple[float, str]] = field(default_factory=list)

    def add(self, number: str, amount: float) -> None:
        """One more ticket; `amount` is what it is an example of, in any unit."""
        entry = (-amount, number)
        if len(self._kept) == MOST_EXAMPLES and entry >= self._kept[-1]:
            return
        if entry not in self._kept:
            insort(self._kept, entry)
            del self._kept[MOST_EXAMPLES:]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Each ticket once, the one with most first."""
        return tuple(dict.fromkeys(number for _, number in self._kept))
