"""A ticket as metrics keeps it: its clocks, what measures need beside them, what it contributed."""

from dataclasses import dataclass

from desk_metrics.measures.contributions import Published
from desk_metrics.sla.model import TicketClocks
from desk_metrics.solutions.model import EMPTY, SolutionNotes


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """Texts and whole numbers only, so every store can hold it."""

    clocks: TicketClocks
    site: str = ""
    # When somebody first began to work on it; 0: nobody did.
    started: int = 0
    # Facts that came after later ones: when each happened, and up to when the ticket was known.
    late: tuple[tuple[int, int], ...] = ()
    # How many versions of the SLA policies were in force when it was last decided on.
    evaluated: int = 0
    is_open: bool = False
    revision: int = 0
    published: Published = ()
    # What it was last sorted as.
    category: str = ""
    # Whose work it stopped, and on which device.
    person: str = ""
    device: str = ""
    # What people call it; empty until its opening was read.
    code: str = ""
    # What came of its resolutions.
    notes: SolutionNotes = EMPTY
    # A member split it off another ticket: its person asked once, and that was for the other.
    is_part: bool = False
