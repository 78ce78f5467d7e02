"""What a benchmark reports: a value, its baseline, their ratio and the bar to reach."""

import json
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

_BAR = re.compile(r"(≤ |≥ |)(\d+(?:\.\d+)?)\b")
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

    @property
    def is_missed(self) -> bool:
        """Whether a bar is not reached; one without a number is a remark."""
        match = _BAR.match(self.bar)
        if match is None:
            return False
        reached, limit = self.value if self.ratio is None else self.ratio, float(match[2])
        return reached < limit if match[1] == "≥ " else reached > limit


def compared(name: str, value: float, baseline: float, unit: str, bar: str = "") -> Row:
    """A rate beside its baseline."""
    return Row(name, round(value, 2), unit, round(baseline, 2), round(value / baseline, 3), bar)


def show(rows: Sequence[Row]) -> None:
    """The table for people."""
    table = Table("what", "value", "unit", "baseline", "ratio", "bar")
    for row in rows:
        texts = (row.name, row.value, row.unit, row.baseline, row.ratio, row.bar)
        table.add_row(*("" if text is None else str(text) for text in texts))
    console = Console(width=140)
    console.print(table)
    for row in rows:
        if row.is_missed:
            reached = row.value if row.ratio is None else row.ratio
            console.print(f"missed: {row.name}: {reached} (bar: {row.bar})", markup=False)


def save(name: str, rows: Sequence[Row]) -> Path:
    """One JSON file per run, to be committed when it is worth keeping."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y-%m-%d}-{name}.json"
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    document = {"at": now.isoformat(), **machine, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
