"""What is wrong with a charter: one sentence per problem, with file and line where it is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desk_contracts.errors import Invalid

if TYPE_CHECKING:
    from desk_charter.model import Charter

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something an author has to change.

    `where` names the place: the section, then names, ids, indexes or fields, such as
    `("services", "vpn", "owner")` or `("runbooks", "clean-disk", "when")`. A check need not know
    the file and line: loading fills them in from `where`.
    """

    file: str
    line: int
    where: Where
    sentence: str

    @classmethod
    def at(cls, *where: str | int, sentence: str) -> "Problem":
        """A problem whose file and line are to be found from its place."""
        return cls(file="", line=0, where=where, sentence=sentence)

    @property
    def path(self) -> str:
        """The place as people read it: `services.vpn.depends_on[1]`."""
        text = ""
        for part in self.where:
            text += f"[{part}]" if isinstance(part, int) else f".{part}"
        return text.lstrip(".")

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}{self.path}: {self.sentence}" if self.where else f"{place}{self.sentence}"


class InvalidCharter(Invalid):
    """The charter is refused as a whole; `problems` holds everything to be changed."""

    code: ClassVar[str] = "invalid-charter"

    def __init__(self, folder: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=sort_key))
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(
            f"the charter in {folder} has {count} problem{'s' if count != 1 else ''}:\n{lines}",
            folder=folder,
            problems=[str(problem) for problem in self.problems],
        )


def sort_key(problem: Problem) -> tuple[str, int, str, str]:
    """Problems as somebody meets them who reads file after file."""
    return (problem.file, problem.line, problem.path, problem.sentence)


# A further check, run over a charter that can be read: automation compiles its CEL in one.
Check = Callable[["Charter"], Iterable[Problem]]
