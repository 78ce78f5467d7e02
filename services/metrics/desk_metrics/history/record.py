"""One record of an export, whatever the form of its file, and how much of a file one may take."""

from dataclasses import dataclass, field

# A ticket with its whole correspondence fits; what is longer is a file that lost its line ends.
LONGEST = 4_000_000


@dataclass(slots=True)
class Record:
    """A record's texts by column; `row` counts as a spreadsheet does: a CSV's header is row 1."""

    row: int
    values: dict[str, str] = field(default_factory=dict)
    broken: str = ""
    mended: str = ""
