"""`desk import` and `desk report` as people call them."""

import json
from pathlib import Path

import pytest
from desk_cli import main as command_line
from desk_contracts.errors import DeskError
from desk_metrics.history.commands import import_, report
from typer import Typer
from typer.testing import CliRunner

from tests.support.metrics_exports import csv_file

RUN = CliRunner(env={"COLUMNS": "200"})
HEAD = (
    "number,incident_state,sys_mod_count,made_sla,opened_at,sys_updated_at,assignment_group,"
    "priority"
)
COLUMNS = (
    "assigned_to,sys_updated_by,caller_id,category,subcategory,cmdb_ci,location,contact_type,"
    "impact,urgency,closed_code"
)


def log(folder: Path, tickets: int = 60) -> Path:
    """Every other ticket took a week, and the log says that its SLA was broken."""
    lines = [f"{HEAD},{COLUMNS}"]
    for number in range(tickets):
        is_late = number % 2
        for mod, state, day in (
            (0, "New", 1),
            (1, "Resolved", 8 if is_late else 2),
            (2, "Closed", 20),
        ):
            kept = "false" if is_late else "true"
            lines.append(
                f"I{number},{state},{mod},{kept},1/3/2016 08:00,{day}/3/2016 09:00,Group 1,"
                "3 - Moderate,?,U,C,Mail,Full,?,?,Phone,2 - Medium,2 - Medium,code 1"
            )
    return csv_file(folder, "\n".join(lines))


def app() -> Typer:
    made = Typer()
    made.command("import")(import_)
    made.add_typer(report, name="report")
    return made


def test_import_and_report_tell_where_time_goes(tmp_path: Path) -> None:
    out = tmp_path / "h.jsonl"
    done = RUN.invoke(app(), ["import", str(log(tmp_path)), "--mapping", "uci", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "180 rows: 180 used, 0 refused. 60 tickets" in done.output
    document = RUN.invoke(app(), ["report", "where-time-goes", str(out)])
    assert document.exit_code == 0, document.output
    # Half of them take a day, half a week; the log tells which broke their SLA.
    assert "The first to look at for automation is Mail / Full with 60 tickets" in document.output
    assert "By the log's own verdicts 30 of 60 tickets broke their SLA, 50%" in document.output
    as_json = RUN.invoke(app(), ["report", "where-time-goes", str(out), "--json", "--top", "1"])
    assert json.loads(as_json.output)["tickets"] == 60


def test_an_export_can_be_reported_without_a_history_file(tmp_path: Path) -> None:
    words = ["report", "where-time-goes", str(log(tmp_path)), "--mapping", "uci", "--by", "service"]
    document = RUN.invoke(app(), [*words, "--rejects", str(tmp_path / "r.jsonl")])
    assert document.exit_code == 0, document.output
    assert "60 tickets" in document.output
    assert "name no topic" in document.output
    assert "Automate" not in document.output
    assert (tmp_path / "r.jsonl").read_bytes() == b""
    assert RUN.invoke(app(), [*words, "--json"]).exit_code == 0


def test_a_fitted_sla_is_called_fitted(tmp_path: Path) -> None:
    out = tmp_path / "h.jsonl"
    RUN.invoke(app(), ["import", str(log(tmp_path)), "--mapping", "uci", "--out", str(out)])
    document = RUN.invoke(app(), ["report", "sla-fit", str(out)])
    assert "FITTED, not told by the log" in document.output
    as_json = RUN.invoke(app(), ["report", "sla-fit", str(out), "--json"])
    assert json.loads(as_json.output)["agreement_held_out"] == 1.0


def test_without_verdicts_nothing_is_fitted(tmp_path: Path) -> None:
    out = tmp_path / "h.jsonl"
    missing = RUN.invoke(app(), ["report", "sla-fit", str(out)])
    assert isinstance(missing.exception, DeskError)
    RUN.invoke(app(), ["import", str(log(tmp_path, 1)), "--mapping", "uci", "--out", str(out)])
    few = RUN.invoke(app(), ["report", "sla-fit", str(out)])
    assert isinstance(few.exception, DeskError)
    assert "not enough verdicts" in few.exception.message


def test_an_import_of_which_nothing_is_left_ends_with_an_error(tmp_path: Path) -> None:
    empty = csv_file(tmp_path, f"{HEAD},{COLUMNS}\n")
    words = ["import", str(empty), "--mapping", "uci", "--out", str(tmp_path / "h.jsonl")]
    assert RUN.invoke(app(), words).exit_code == 1


def test_the_command_line_finds_the_commands_of_installed_services(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["desk", "report", "--help"])
    with pytest.raises(SystemExit) as ended:
        command_line()
    assert ended.value.code == 0
    assert "where-time-goes" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_no_trouble_of_kafka(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "none" / "h.jsonl"
    words = ["desk", "import", str(log(tmp_path)), "--mapping", "uci", "--out", str(out)]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        command_line()
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert "There is no folder" in errors
    assert "Kafka" not in errors
