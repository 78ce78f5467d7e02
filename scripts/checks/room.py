"""`room`: every module of a service lies in a feature, in an adapter, or is its table or settings.

In services/<name>/desk_<name>/ are __main__.py, service.py, settings.py, <feature>/<module>.py,
<feature>/<part>/<module>.py and adapters/<port>/<kind>.py; nothing else.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from scripts.checks.source import Finding, Source

NAME = "room"

AT_THE_TOP = frozenset({"__init__", "__main__", "service", "settings"})
ADAPTERS = "adapters"
# Modules of a feature that may reach the world; all others are pure.
EFFECTS = frozenset({"api", "charter", "commands", "gauges", "store", "worker"})
# Words that name no subject.
_NO_SUBJECT = frozenset({"utils", "helpers", "common", "manager", "service", "impl", "misc"})
_MOST_DEPTH = 3


def module_of(path: PurePosixPath) -> tuple[str, tuple[str, ...]] | None:
    """The service, and the way to a module within its package; None outside services."""
    parts = path.parts
    if len(parts) < 4 or parts[0] != "services":
        return None
    return parts[1], (*parts[3:-1], path.stem)


def is_pure(path: PurePosixPath) -> bool:
    """Whether the module belongs to what decides: in a feature, and none that may reach out."""
    module = module_of(path)
    if module is None:
        return False
    _service, way = module
    return len(way) > 1 and way[0] != ADAPTERS and way[1] not in EFFECTS and way[-1] not in EFFECTS


def check(source: Source) -> Iterator[Finding]:
    """Where a module lies, and that its name names something."""
    module = module_of(source.path)
    if module is None:
        return
    _service, way = module
    if len(way) == 1 and way[0] not in AT_THE_TOP:
        yield source.finding(
            1, NAME, f"{way[0]}.py lies in no feature and in no adapter: whose is it?"
        )
    if len(way) > _MOST_DEPTH:
        yield source.finding(
            1, NAME, "deeper than <feature>/<part>/<module>.py: make it a feature."
        )
    if way[0] == ADAPTERS and len(way) == 2 and way[1] != "__init__":
        yield source.finding(1, NAME, "an adapter lies in adapters/<port>/<kind>.py.")
    if len(way) > 1 and way[-1] in _NO_SUBJECT:
        yield source.finding(1, NAME, f"'{way[-1]}' names no subject.")
