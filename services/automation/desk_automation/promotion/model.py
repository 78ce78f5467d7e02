"""In which mode one version of a runbook may act beyond its charter's, and the evidence since then.

State only; `decide.py` decides.
"""

from datetime import date, datetime

from desk_charter.runbook_brakes import MODES, Mode
from desk_charter.runbooks import Runbook
from desk_contracts.chain import Link
from desk_contracts.events.promotions import PromotionEvidence
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message


class PromotionState(Frozen):
    """Of one version: an edited runbook has a document of its own, and its charter's mode."""

    # None where it acts in the mode of the charter.
    mode: Mode | None = None
    by: str = ""
    # Evidence counts from here on: the mode changed, or something bad was seen.
    since: datetime | None = None
    evidence: PromotionEvidence = PromotionEvidence()
    # The mode that people were asked for, while the evidence speaks for it.
    proposed: Mode | None = None
    # What was bad the last time; none if nothing was.
    fault: Message | None = None
    # Where the chain of its transitions ends.
    link: Link = Link()


def find_mode(runbook: Runbook, promoted: Mode | None, day: date) -> Mode:
    """The mode in force: never beyond the ceiling, and past its review date it only suggests."""
    charter = runbook.mode_on(day)
    if promoted is None or runbook.promotion is None or charter != runbook.mode:
        return charter
    highest = min(MODES.index(promoted), MODES.index(runbook.promotion.ceiling))
    return MODES[max(highest, MODES.index(charter))]


def find_next(runbook: Runbook, promoted: Mode | None) -> Mode | None:
    """The next mode, by its declaration alone; None at the ceiling, or without one."""
    if runbook.promotion is None:
        return None
    rank = MODES.index(promoted or runbook.mode)
    return MODES[rank + 1] if rank < MODES.index(runbook.promotion.ceiling) else None
