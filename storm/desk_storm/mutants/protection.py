"""What a protection is: one line of the product, what goes wrong without it, and its test."""

from dataclasses import dataclass
from pathlib import Path

from desk_storm.mutants.mutant import change_line

# Where most of these lines and their tests stand.
AUTOMATION = "services/automation/desk_automation"
RUNS = f"{AUTOMATION}/runs"
UNIT = "tests/unit/automation"
PROPERTY = "tests/property/automation"


@dataclass(frozen=True, slots=True)
class Protection:
    """A line against a failure mode or a bad input of automation. `old` stands in the file once;
    with `new` in its place the protection is gone, and `test` (an id of pytest) must fail.
    """

    mode: str
    goes_wrong: str
    file: str
    old: str
    new: str
    test: str

    @property
    def name(self) -> str:
        """How a person names it."""
        return f"{self.mode}: {self.goes_wrong}"

    @property
    def test_file(self) -> str:
        """Where its test stands."""
        return self.test.partition("::")[0]

    @property
    def test_name(self) -> str:
        """The function of its test, without parameters."""
        return self.test.rpartition("::")[2].partition("[")[0]

    def apply(self, root: Path) -> None:
        """Take it out of the copy of the project that lies there."""
        change_line(root / self.file, self.name, self.old, self.new)
