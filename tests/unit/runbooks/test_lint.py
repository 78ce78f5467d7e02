"""What `desk runbook lint` finds, where, and what it leaves alone."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_charter import load_charter
from desk_runbooks.commands import runbook_app
from desk_runbooks.lint import Finding, facts_of, find_all
from desk_runbooks.lint_windows import find_in_windows
from typer.testing import CliRunner

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "charter", tmp_path / "charter"))


def edit(folder: Path, before: str, after: str, name: str = "restart-service") -> None:
    path = folder / "runbooks" / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def findings(folder: Path) -> list[Finding]:
    return list(find_all(load_charter(folder), folder))


def test_the_shipped_runbooks_have_no_finding(folder: Path) -> None:
    assert findings(folder) == []


def test_a_condition_that_cannot_hold_is_unreachable(folder: Path) -> None:
    edit(folder, 'data.signal == "service-down"', "data.value < 3.0 && data.value >= 3.0")
    edit(folder, "expect: run", "expect: ignore")
    assert {finding.rule for finding in findings(folder)} == {"unreachable", "no-test"}
    assert findings(folder)[0].line == 13


def test_a_runbook_without_verify_is_found(folder: Path) -> None:
    edit(folder, "mode: auto", "mode: approve")
    text = (folder / "runbooks" / "restart-service.yaml").read_text("utf-8")
    start, end = text.index("verify:"), text.index("escalate:")
    edit(folder, text[start:end], "")
    assert [finding.rule for finding in findings(folder)] == ["no-verify"]


def test_reversible_needs_undo_or_a_reason(folder: Path) -> None:
    edit(folder, "risk: disruptive", "risk: reversible")
    assert [finding.rule for finding in findings(folder)] == ["no-undo"]
    edit(folder, "risk: reversible", "risk: reversible # lint: allow no-undo")
    assert [finding.rule for finding in findings(folder)] == ["no-undo"]
    edit(folder, "allow no-undo", "allow no-undo, it only starts what has stopped")
    assert findings(folder) == []


def test_two_runbooks_for_one_event_overlap(folder: Path) -> None:
    source = folder / "runbooks" / "restart-service.yaml"
    text = source.read_text("utf-8").replace("id: restart-service", "id: restart-again")
    (folder / "runbooks" / "restart-again.yaml").write_text(text, "utf-8")
    [finding] = findings(folder)
    assert (finding.rule, finding.file) == ("overlap", "runbooks/restart-service.yaml")


def test_bounds_that_part_two_runbooks_are_no_overlap() -> None:
    assert facts_of("data.value < 25.0 && data.value >= 25.0").contradiction == "data.value"
    assert facts_of("data.value <= 25.0 && data.value >= 25.0").contradiction == ""
    assert facts_of('data.signal == "a" && data.signal == "b"').contradiction == "data.signal"
    assert facts_of('data.signal == "a" || data.signal == "b"').contradiction == ""


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("data.signal ==", "data.sygnal ==", "'data.sygnal' is not in this event"),
        ("settle: 30s", "settle: 30", "has no unit"),
        ("risk: disruptive", "risc: disruptive", "'risc' is not a field here"),
    ],
)
def test_what_refuses_the_charter_is_an_error_with_its_line(
    folder: Path, before: str, after: str, wanted: str
) -> None:
    edit(folder, before, after)
    answer = CliRunner().invoke(runbook_app, ["lint", "--charter", str(folder), "--json"])
    assert answer.exit_code == 1
    errors = [item for item in json.loads(answer.stdout) if wanted in item["sentence"]]
    assert [item["file"] for item in errors] == ["runbooks/restart-service.yaml"]
    assert errors[0]["line"] > 1


def test_warnings_fail_only_if_it_is_strict(folder: Path) -> None:
    edit(folder, "risk: disruptive", "risk: reversible")
    words = ["lint", "--charter", str(folder)]
    assert CliRunner().invoke(runbook_app, words).exit_code == 0
    assert CliRunner().invoke(runbook_app, [*words, "--strict"]).exit_code == 1


def test_a_plan_names_every_call_and_sends_nothing(folder: Path) -> None:
    words = ["plan", "restart-service", "server-9", "--offline", "--charter", str(folder)]
    text = CliRunner().invoke(runbook_app, words).stdout
    assert "POST http://127.0.0.1:9000/v1/actions/restart-service (idempotent, 2 tries)" in text
    assert "target: server-9" in text
    assert text.endswith("Nothing was sent to the target.\n")


WINDOW = """\
  - name: {name}
    kind: freeze
    owner_team: business-apps
    why: Nothing may move.
    {scope}
    {when}
"""
WEEKLY = 'weekly: {zone: UTC, hours: {days: [mon], from: "22:00", to: "23:00"}}'
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def in_windows(folder: Path, *windows: tuple[str, str, str]) -> list[tuple[str, int]]:
    texts = [WINDOW.format(name=name, scope=scope, when=when) for name, scope, when in windows]
    (folder / "windows.yaml").write_text("windows:\n" + "".join(texts), "utf-8")
    in_file = find_in_windows(load_charter(folder), folder, NOW)
    return [(finding.rule, finding.line) for finding in in_file]


def test_windows_that_are_over_or_open_at_once_are_found_with_their_line(folder: Path) -> None:
    past = "starts: 2025-01-01T00:00:00Z\n    ends: 2025-01-02T00:00:00Z"
    assert in_windows(folder, ("old", "services: [erp]", past)) == [("over", 8)]
    late = WEEKLY.replace("22:00", "22:30")
    for scope, other in (
        ("services: [erp, mail]", "services: [erp]"),
        ("devices: ['print-*']", "devices: [print-7]"),
        ("sites: [berlin]", "sites: [berlin]"),
    ):
        twice = in_windows(folder, ("first", scope, WEEKLY), ("second", other, late))
        assert twice == [("same-time", 8)]


@pytest.mark.parametrize(
    ("scope", "when"),
    [
        ("services: [mail]", WEEKLY),
        ("services: [erp]", WEEKLY.replace("mon", "tue")),
        ("services: [erp]", WEEKLY.replace('"22:00"', '"20:00"').replace("23:00", "22:00")),
        ("devices: ['print-*']", WEEKLY),
    ],
)
def test_windows_of_other_things_or_other_hours_are_no_overlap(
    folder: Path, scope: str, when: str
) -> None:
    assert in_windows(folder, ("a", "services: [erp]", WEEKLY), ("b", scope, when)) == []
