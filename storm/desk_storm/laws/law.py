"""What a law is: a function that finds in a history what must not be there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from desk_storm.history import History


@dataclass(frozen=True, slots=True)
class Broken:
    """A law was broken: which one, by what, and what shows it."""

    law: str
    subject: str
    evidence: str


Finding = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Law:
    """A law by its name; its function yields subjects and what shows that they broke it."""

    name: str
    find: Callable[[History], Iterator[Finding]]

    def __call__(self, history: History) -> Iterator[Broken]:
        for subject, evidence in self.find(history):
            yield Broken(self.name, subject, evidence)


def law(find: Callable[[History], Iterator[Finding]]) -> Law:
    """The law that a function's name says: `no_gap` is `no-gap`."""
    return Law(find.__name__.replace("_", "-"), find)
