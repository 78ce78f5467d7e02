"""Small exports and mappings for tests."""

from datetime import UTC, datetime
from pathlib import Path

from desk_metrics.history.exports.mapping import Mapping
from desk_metrics.history.model import Imported
from desk_metrics.history.rows import ExportRow
from desk_metrics.history.store import RUN
from desk_metrics.history.worker import Import

HOUR = 3_600_000_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)

UPDATES = Mapping.model_validate(
    {
        "name": "log",
        "shape": "updates",
        "source": "/history/log",
        "nulls": ["?"],
        "times": {"formats": ["%d/%m/%Y %H:%M", "iso"], "zone": "Europe/Berlin"},
        "columns": {
            "ticket": "no",
            "at": "at",
            "order": "n",
            "opened": {"first": ["opened"]},
            "closed": {"first": ["closed"]},
            "state": "state",
            "team": {"first": ["team"]},
            "priority": {"first": ["prio"]},
            "category": {"first": ["cat"]},
        },
        "states": {
            "New": "new",
            "Active": "in_progress",
            "Wait User": "waiting employee",
            "Wait Vendor": "waiting vendor",
            "Wait Part": "waiting vendor",
            "Done": "resolved",
            "Closed": "closed",
            "Merged": "merged",
        },
        "values": {"priority": {"1 - Bad": "P1"}},
        "figures": {"reassignments": "moves", "kept": "kept"},
    }
)

TICKETS = Mapping.model_validate(
    {
        "name": "list",
        "shape": "tickets",
        "source": "/history/list",
        "columns": {
            "ticket": "no",
            "opened": "opened",
            "assigned": {"first": ["assigned"]},
            "responded": {"first": ["responded"]},
            "started": {"first": ["started"]},
            "resolved": {"first": ["resolved"]},
            "closed": {"first": ["closed"]},
            "changed": {"first": ["changed"]},
            "state": {"first": ["state"]},
            "team": {"first": ["team"]},
        },
        "own": {"building": "house"},
        "states": {"open": "in_progress", "done": "resolved", "wait": "waiting vendor"},
    }
)


def row(at: float, state: str = "", **fields: object) -> ExportRow:
    """An update of ticket T at so many hours after 1970."""
    waiting, word = str(fields.pop("waiting", "")), str(fields.pop("word", state))
    made = ExportRow(
        "T", int(at * HOUR), 0, 0, int(at * 100) + 1, state=state, waiting=waiting, word=word
    )
    return made._replace(**fields)  # type: ignore[arg-type]


def csv_file(folder: Path, text: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
    """The text as a file."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def histories_of(
    path: Path, mapping: Mapping, *, run: int = RUN
) -> tuple[list[list[Imported]], Import]:
    """Everything an import makes of a file, and the import with its account."""
    importing = Import([path], mapping, run=run, now=NOW)
    return [events for _, events in importing.read_histories(Discard())], importing


class Discard:
    """Keeps the remarks as text."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, line: bytes, /) -> int:
        self.lines.append(line)
        return len(line)


def list_types(events: list[Imported]) -> list[str]:
    """The types of the events, short."""
    return [
        imported.event.type.removeprefix("desk.ticket.").removesuffix(".v1") for imported in events
    ]
