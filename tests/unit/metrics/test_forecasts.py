"""`desk report goals` and `desk report staffing` from a history file, as people call them."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from desk_metrics.history.commands import report
from desk_metrics.history.model import Imported
from desk_metrics.history.store import format_line
from typer.testing import CliRunner, Result

from tests.support.metrics_goals_api import FIRST, GOALS, ROOT, life


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "charter", tmp_path / "charter")
    (tmp_path / "charter" / "goals.yaml").write_text(GOALS, encoding="utf-8")
    return tmp_path / "charter"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Eight tickets each Monday for twelve weeks, then five; the last is from 9 November 2026."""
    path, number = tmp_path / "h.jsonl", 0
    with path.open("wb") as stream:
        for week in range(24):
            monday: datetime = FIRST + timedelta(weeks=week)
            for _ in range(8 if week < 12 else 5):
                number += 1
                for event in life(number, monday, "vpn"):
                    stream.write(format_line(Imported(event, 0, number), "log.csv"))
    return path


def run(charter: Path, *words: str) -> Result:
    env = {"COLUMNS": "200", "DESK_CHARTER": str(charter), "DESK_ENVIRONMENT": "local"}
    return CliRunner(env=env).invoke(report, words)


def test_goals_are_told_from_history(charter: Path, history: Path) -> None:
    result = run(charter, "goals", str(history), "--as-of", "2026-11-16")
    assert result.exit_code == 0, result.output
    assert "Behind: at this rate 5 a week in August 2027, the aim is 4 a week" in result.output
    early = run(charter, "goals", str(history), "--as-of", "2026-09-14", "--json")
    (goal,) = json.loads(early.output)
    assert (goal["verdict"], goal["baseline"]) == ("too_early", 8)


@pytest.mark.parametrize("measure", ["self_service_share", "auto_healed", "handovers", "sla_met"])
def test_what_a_history_does_not_tell_is_not_counted_as_nothing(
    charter: Path, history: Path, measure: str
) -> None:
    """Its tickets have one row each, so nothing is known of hand-overs either."""
    goals = charter / "goals.yaml"
    text = GOALS.replace("contacts", measure).replace("    where: {services: [vpn]}\n", "")
    goals.write_text(text, encoding="utf-8")
    (goal,) = json.loads(run(charter, "goals", str(history), "--json").output)
    assert (goal["verdict"], goal["baseline"], goal["now"]) == ("cannot_tell", None, None)
    assert goal["explanation"][0]["code"] == "goal.not-in-history"


def test_without_goals_it_says_where_to_write_them(charter: Path, history: Path) -> None:
    (charter / "goals.yaml").unlink()
    assert "Write them in goals.yaml." in run(charter, "goals", str(history)).output


def test_staffing_is_told_from_history(charter: Path, history: Path) -> None:
    words = ("staffing", "network", str(history), "--as-of", "2026-11-16", "--within", "30")
    result = run(charter, *words)
    assert result.exit_code == 0, result.output
    assert "Most are needed on Monday from 10 to 11" in result.output
    assert "In 3 weeks that it did not know the forecast was off by" in result.output
    assert "minutes (median of 156 tickets solved at once). Zone: Europe/Berlin." in result.output
    plan = json.loads(run(charter, *words, "--weeks", "8", "--json").output)
    assert (plan["weeks"], plan["arrivals_per_week"], plan["members"]) == (8, 5, 2)


def test_a_team_that_the_charter_does_not_know_always_works(charter: Path, history: Path) -> None:
    text = history.read_text(encoding="utf-8").replace('"network"', '"Second Line"')
    history.write_text(text, encoding="utf-8")
    result = run(charter, "staffing", "Second Line", str(history), "--within", "30", "--json")
    plan = json.loads(result.output)
    assert (plan["zone"], plan["members"]) == ("UTC", 0)
    assert plan["hours"]


@pytest.mark.parametrize(
    ("written", "query"),
    [("NETWORK ", "network"), ("Group 24", "network"), ("network", "group 24")],
)
def test_staffing_knows_a_team_by_any_of_its_names(
    charter: Path, history: Path, written: str, query: str
) -> None:
    """The same plan, however the old desk wrote it and however it is asked for."""
    plan = run(charter, "staffing", "network", str(history), "--within", "30", "--json").output
    teams = charter / "teams.yaml"
    aliased = teams.read_text(encoding="utf-8").replace(
        "  - name: network\n", "  - name: network\n    aliases: [Group 24]\n"
    )
    teams.write_text(aliased, encoding="utf-8")
    text = history.read_text(encoding="utf-8").replace('"network"', f'"{written}"')
    history.write_text(text, encoding="utf-8")
    result = run(charter, "staffing", query, str(history), "--within", "30", "--json")
    assert json.loads(result.output) == json.loads(plan)


def test_a_team_that_nobody_knows_is_not_told_that_it_needs_nobody(
    charter: Path, history: Path
) -> None:
    for name in ("nobody", "mail"):
        refused = run(charter, "staffing", name, str(history), "--json")
        assert refused.output == ""
        assert "staffing.not-in-history" in str(refused.exception)
        assert "network" in str(refused.exception)


def test_skills_of_a_team_that_the_charter_does_not_know_are_refused(
    charter: Path, history: Path
) -> None:
    refused = run(charter, "staffing", "nobody", str(history), "--skill", "vpn")
    assert "staffing.skills-unknown" in str(refused.exception)
