"""What a mutant is: one line of the product changed, and the law that must find it."""

from dataclasses import dataclass
from pathlib import Path


def change_line(path: Path, name: str, old: str, new: str) -> None:
    """Write `new` where `old` stands; `ValueError` names the change if that is not one place."""
    text = path.read_text()
    if (count := text.count(old)) != 1:
        raise ValueError(f"{name}: its line stands {count} times in {path.name}, not once")
    path.write_text(text.replace(old, new))


@dataclass(frozen=True, slots=True)
class Mutant:
    """What to change, where, and the law that must find it. `old` stands in the file once.

    `together` names those that are tried in one storm, since they do not hide each other; without
    it a mutant is tried alone. `also` are other laws that must find it. `weather` is what its storm
    needs besides the calm one's arguments.
    """

    name: str
    law: str
    file: str
    old: str
    new: str
    together: str = ""
    also: tuple[str, ...] = ()
    weather: tuple[str, ...] = ()

    @property
    def laws(self) -> tuple[str, ...]:
        """All that must find it."""
        return (self.law, *self.also)

    def apply(self, root: Path) -> None:
        """Change the copy of the project that lies there."""
        change_line(root / self.file, self.name, self.old, self.new)
