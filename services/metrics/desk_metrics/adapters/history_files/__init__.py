"""The kinds of export files. A package adds one by an entry point of `desk.history_files`."""

from desk_platform.plugins import Registry

from desk_metrics.adapters.history_files.csv import Csv
from desk_metrics.adapters.history_files.json import JsonLines, JsonList
from desk_metrics.history.exports.model import Export, ExportFormat

__all__ = ["FORMATS", "choose_format"]

# What no other kind can read is CSV.
FALLBACK = "csv"
FORMATS: Registry[ExportFormat] = Registry(
    "desk.history_files", {"json-lines": JsonLines(), "json": JsonList(), FALLBACK: Csv()}
)


def choose_format(
    head: bytes, export: Export, formats: Registry[ExportFormat] = FORMATS
) -> ExportFormat:
    """The first kind that can read a file with this beginning."""
    others = (kind for name, kind in formats.kinds.items() if name != FALLBACK)
    kinds = (kind for kind in others if kind.can_read(head, export))
    return next(kinds, formats.kind(FALLBACK))
