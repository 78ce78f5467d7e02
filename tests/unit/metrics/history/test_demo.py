"""The made exports that come with the desk, one of each mapping, go through as they are."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_metrics.history.commands import import_, report
from desk_metrics.history.exports.store import list_mappings, load_mapping
from desk_metrics.history.path import trace_path
from desk_metrics.history.worker import Import, Places
from typer import Typer
from typer.testing import CliRunner

from tests.support.metrics_exports import Discard

DEMO = Path("demo/history")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
EXPORTS = {path.stem: path for path in DEMO.iterdir()}
LINE = re.compile(
    r"desk import (?P<file>demo/\S+) --mapping (?P<mapping>\S+) --out (?P<out>[^\s`]+)"
)


def test_every_mapping_has_an_export_to_try() -> None:
    assert sorted(EXPORTS) == list_mappings()


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_each_export_is_used_whole(name: str) -> None:
    run = Import([EXPORTS[name]], load_mapping(name), now=NOW)
    histories = [events for _, events in run.read_histories(Discard())]
    assert run.summary.used == run.summary.rows >= 36
    assert not run.summary.remarked
    assert len(histories) >= 18
    paths = [trace_path(events) for events in histories]
    assert sum(path.is_over for path in paths) >= len(histories) - 4
    assert all(path.minutes >= 0 for path in paths)
    if name != "bpi13":  # it has no topics
        assert any("VPN" in path.category for path in paths)


@pytest.mark.parametrize("text", ["README.md", "docs/import.md"])
def test_the_documented_line_runs_as_it_stands(tmp_path: Path, text: str) -> None:
    lines = LINE.findall(Path(text).read_text(encoding="utf-8"))
    assert lines
    app = Typer()
    app.command("import")(import_)
    app.add_typer(report, name="report")
    for file, mapping, out in lines:
        given = tmp_path / Path(out).name
        runner = CliRunner(env={"COLUMNS": "200"})
        done = runner.invoke(app, ["import", file, "--mapping", mapping, "--out", str(given)])
        assert done.exit_code == 0, done.output
        document = runner.invoke(app, ["report", "where-time-goes", str(given), "--json"])
        assert json.loads(document.output)["tickets"] > 0
        assert all(path.is_file() for path in Places.beside(given))
