"""What a benchmark reports: a value, its baseline, their ratio and the bar to reach."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` is value / baseline; `bar` the least ratio, or the most of a latency."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    bar: str = ""


def compared(name: str, value: float, baseline: float, unit: str, bar: str = "") -> Row:
    """A rate beside its baseline."""
    return Row(name, round(value, 2), unit, round(baseline, 2), round(value / baseline, 3), bar)


def show(rows: Sequence[Row]) -> None:
    """The table for people."""
    table = Table("what", "value", "unit", "baseline", "ratio", "bar")
    for row in rows:
        texts = (row.name, row.value, row.unit, row.baseline, row.ratio, row.bar)
        table.add_row(*("" if text is None else str(text) for text in texts))
    Console(width=140).print(table)


def save(name: str, rows: Sequence[Row]) -> Path:
    """One JSON file per run, to be committed when it is worth keeping."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y-%m-%d}-{name}.json"
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    document = {"at": now.isoformat(), **machine, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
