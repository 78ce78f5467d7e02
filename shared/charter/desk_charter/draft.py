"""A charter while it is being read: what could be understood so far, for the cross checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.sentences import close_to

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts that are right by themselves, by the names of their sections.

    `written` holds per section every name that is written down, also of items that are wrong by
    themselves, so that a reference to one of those is not reported as a second problem.
    """

    values: Mapping[str, object]
    written: Mapping[str, tuple[str, ...]]

    def of(self, section: Section[T], otherwise: T) -> T:
        """What could be understood of a section; `otherwise` where nothing could."""
        return cast("T", self.values.get(section.name, otherwise))

    def knows(self, section: str, name: str) -> bool:
        """Whether the name is written down in that section, or may be as far as one can tell."""
        return section not in self.written or name in self.written[section]

    def unknown(self, section: str, name: str, *where: str | int) -> Iterator[Problem]:
        """The problem of a reference to what is not written down; nothing if it is."""
        if not self.knows(section, name):
            close = close_to(name, self.written.get(section, ()))
            sentence = f"{section[:-1]} '{name}' is not in {section}.yaml{close}"
            yield Problem.at(*where, sentence=f"{sentence}; add it there or correct the name")

    def understood(self, section: str) -> bool:
        """Whether every item of a section that is written down could be understood."""
        items = self.values.get(section)
        return isinstance(items, tuple) and len(items) == len(self.written.get(section, ()))
