"""`desk charter check [DIR]`: is it valid, what is not, and what was hardly meant."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from desk_charter.load import read_charter
from desk_charter.model import Charter
from desk_charter.problems import Check, InvalidCharter


def check_charter(path: Path, checks: Sequence[Check] = ()) -> tuple[int, str]:
    """The exit code (0 valid, 1 not) and the text to print."""
    try:
        charter, doubts = read_charter(path, checks)
    except InvalidCharter as invalid:
        return 1, invalid.message
    told = "".join(f"\n  warning: {doubt}" for doubt in doubts)
    valid = f"the charter in {path} is valid, version {charter.version}"
    return 0, f"{valid}\n{_summary(charter)}{told}"


def _summary(charter: Charter) -> str:
    modes = Counter(runbook.mode for runbook in charter.runbooks)
    counts = {
        "teams": len(charter.teams),
        "services": len(charter.services),
        "calendars": len(charter.calendars),
        "slas": len(charter.slas),
        "catalogue items": len(charter.catalogue),
        "routing rules": len(charter.routing.rules),
        "detectors": len(charter.routing.detectors),
        "goals": len(charter.goals),
        "sources": len(charter.sources),
        "runbooks": len(charter.runbooks),
    }
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    by_mode = ", ".join(f"{count} {mode}" for mode, count in sorted(modes.items()))
    return f"  {text}{f' ({by_mode})' if by_mode else ''}"
