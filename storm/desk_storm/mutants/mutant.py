"""What a mutant is: one line of the product changed, and the law that must find it."""

from dataclasses import dataclass
from pathlib import Path


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
        path = root / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            count = text.count(self.old)
            raise ValueError(f"{self.name}: its line stands {count} times in {self.file}, not once")
        path.write_text(text.replace(self.old, self.new))
