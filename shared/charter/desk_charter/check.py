"""`desk charter check [DIR]`: is it valid, what is not, and what was hardly meant."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from desk_charter.load import find_installed_sections, read_charter
from desk_charter.model import Charter
from desk_charter.problems import InvalidCharter


def check_charter(path: Path) -> tuple[int, str]:
    """The exit code (0 valid, 1 not) and the text to print; asks every section installed here."""
    try:
        charter, doubts = read_charter(path)
    except InvalidCharter as invalid:
        return 1, invalid.message
    warnings = "".join(f"\n  warning: {doubt}" for doubt in doubts)
    valid = f"the charter in {path} is valid, version {charter.version}"
    return 0, f"{valid}\n  {', '.join(_counts(charter))}{warnings}"


def _counts(charter: Charter) -> Iterator[str]:
    yield f"{len(charter.teams)} teams"
    yield f"{len(charter.services)} services"
    yield f"{len(charter.calendars)} calendars"
    yield f"{len(charter.routing.rules)} routing rules"
    yield f"{len(charter.routing.detectors)} detectors"
    yield f"{len(charter.sources)} sources"
    for section in find_installed_sections():
        items = charter.of(section)
        kinds = Counter(getattr(item, section.count_by) for item in items if section.count_by)
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield f"{len(items)} {section.name}{f' ({parts})' if parts else ''}"
