"""Loading: everything that is wrong is told at once, with file, line and what to do."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from desk_charter.check import check_charter
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.problems import InvalidCharter, Problem
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.slas import SLAS


class Folder(Protocol):
    path: Path

    def write(self, name: str, text: str) -> None: ...
    def text(self, name: str) -> str: ...
    def replace(self, name: str, old: str, new: str) -> None: ...
    def append(self, name: str, text: str) -> None: ...
    def load(self) -> Charter: ...
    def problems(self) -> list[str]: ...


def test_a_valid_folder_becomes_a_charter(folder: Folder) -> None:
    charter = folder.load()
    assert [team.name for team in charter.teams] == ["care", "network"]
    assert charter.of(RUNBOOKS)[0].owner_team == "network"
    assert len(charter.version) == 16


def test_one_break_is_told_once(folder: Folder) -> None:
    """An item that is wrong by itself is still known to those that refer to it."""
    folder.replace("services.yaml", "title: VPN", "titel: VPN")
    assert [text.split(": ")[1] for text in folder.problems()] == [
        "services.vpn.title",
        "services.vpn.titel",
    ]


def test_all_problems_of_all_files_are_told_at_once(folder: Folder) -> None:
    folder.replace("services.yaml", "owner: network", "owner: nobody")
    folder.replace("slas.yaml", "8h", "1 day")
    folder.replace("routing.yaml", "default_team: care", "default_team: x")
    folder.replace("runbooks/restart-vpn.yaml", "within: 1m", "within: 60")
    folder.write("calendars.yaml", "calendars: [\n")
    files = {text.split(":")[0] for text in folder.problems()}
    assert files >= {
        "services.yaml",
        "slas.yaml",
        "routing.yaml",
        "runbooks/restart-vpn.yaml",
        "calendars.yaml",
    }


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("teams: []\nteams: []\n", 2, "written twice"),
        ("teams:\n  - name: a\n    name: b\n", 3, "written twice"),
        ("teams: [\n", 2, "not YAML"),
        ("teams:\n\t- a\n", 2, "not YAML"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("- a\n", 1, "does not hold fields"),
        ("teams: none\n", 1, "not a list"),
        ("teams: !!python/object:os.system []\n", 1, "tag"),
        ("teams:\n  - &a [*a]\n", 2, "contains itself"),
        ("a: &a {b: 1}\nteams:\n  - <<: *a\n", 3, "merge keys"),
        ("teams: []\n---\nteams: []\n", 2, "another document"),
        ("? [teams]\n: []\n", 1, "plain word"),
        ("teams: \x01\n", 1, "not YAML"),
    ],
)
def test_yaml_that_cannot_be_read_is_told_with_its_line(
    folder: Folder, text: str, line: int, part: str
) -> None:
    folder.write("teams.yaml", text)
    matching = [p for p in folder.problems() if p.startswith(f"teams.yaml:{line}: ") and part in p]
    assert len(matching) == 1, folder.problems()


def test_a_file_in_another_encoding_is_told(folder: Folder) -> None:
    (folder.path / "teams.yaml").write_bytes("# ok\nteams: [ü]\n".encode("latin-1"))
    assert "teams.yaml:2: the file is not UTF-8 text; save it as UTF-8" in folder.problems()


def test_aliases_that_multiply_are_refused(folder: Folder) -> None:
    layers = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 8))
    folder.write("teams.yaml", f"l0: &l0 [x]\n{layers}teams: []\n")
    assert any("more than 200000 values" in text for text in folder.problems())


def test_a_huge_file_is_refused_unread(folder: Folder) -> None:
    folder.write("teams.yaml", f"teams: []\n#{'x' * 1_048_576}\n")
    assert any("at most 1048576 are read" in text for text in folder.problems())


def test_a_missing_file_and_a_stray_one_are_told(folder: Folder) -> None:
    (folder.path / "services.yaml").rename(folder.path / "service.yaml")
    problems = folder.problems()
    assert any(text.startswith("services.yaml:1: the file is missing") for text in problems)
    assert any(
        text.startswith("service.yaml:1:") and "did you mean 'services.yaml'" in text
        for text in problems
    )


def test_a_runbook_with_the_wrong_ending_is_told(folder: Folder) -> None:
    path = folder.path / "runbooks" / "restart-vpn.yaml"
    path.rename(path.with_suffix(".yml"))
    assert folder.problems() == [
        "runbooks/restart-vpn.yml:1: runbooks are read from .yaml files only; rename it"
    ]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidCharter, match="there is no such folder"):
        load_charter(tmp_path / "nowhere")


def test_a_member_is_in_one_team(folder: Folder) -> None:
    folder.replace(
        "teams.yaml",
        "skills: [first-help]",
        "skills: [first-help]\n    members: [{id: network-1, name: Engineer 1}]",
    )
    assert any("'network-1' is already in team 'care'" in text for text in folder.problems())


def test_a_default_stands_last_of_its_clock(folder: Folder) -> None:
    first, second = folder.text("slas.yaml").split("  - name: all")
    head, fast = first.split("  - name: fast")
    folder.write("slas.yaml", f"{head}  - name: all{second}  - name: fast{fast}")
    assert [text.partition("; ")[0] for text in folder.problems()] == [
        "slas.yaml:5: slas.all.default: the default of clock 'resolution' is asked last"
    ]


def test_a_hidden_sla_is_told(folder: Folder) -> None:
    hidden = """\
  - name: hidden
    title: Hidden
    clock: resolution
    when: {priorities: [P1], services: [vpn], teams: [network], kinds: [incident]}
    target: 2h
    calendar: office
"""
    folder.replace("slas.yaml", "  - name: all", f"{hidden}  - name: all")
    assert any("'fast' before it takes all its tickets" in text for text in folder.problems())


@pytest.mark.parametrize(
    ("windows", "day"),
    [
        ('mon: ["22:00-06:00"]\n      tue: ["05:00-09:00"]', "mon"),
        ('sun: ["22:00-06:00"]\n      mon: ["05:00-09:00"]', "sun"),
    ],
)
def test_a_night_window_that_reaches_into_the_next_day_is_told(
    folder: Folder, windows: str, day: str
) -> None:
    folder.replace("calendars.yaml", 'mon: ["09:00-12:00", "13:00-17:00"]', windows)
    assert [text.split(": ")[1] for text in folder.problems()] == [f"calendars.office.week.{day}"]


def test_further_checks_are_asked_and_their_problems_located(folder: Folder) -> None:
    def refuse_every_when(charter: Charter) -> Iterable[Problem]:
        for runbook in charter.of(RUNBOOKS):
            yield Problem.at("runbooks", runbook.id, "when", sentence="no attribute 'signl'")

    with pytest.raises(InvalidCharter) as refused:
        load_charter(folder.path, [replace(RUNBOOKS, whole_checks=(refuse_every_when,))])
    assert [str(problem) for problem in refused.value.problems] == [
        "runbooks/restart-vpn.yaml:8: runbooks.restart-vpn.when: no attribute 'signl'"
    ]


def test_version_follows_what_is_written_and_not_its_layout(folder: Folder) -> None:
    before = folder.load()
    folder.append("teams.yaml", "# a comment\n\n")
    folder.replace("services.yaml", "criticality: 1", "criticality:    1  # said twice")
    assert folder.load().version == before.version
    folder.replace("slas.yaml", "target: 8h", "target: 480m")
    again = folder.load()
    assert again.version != before.version
    assert again.of(SLAS) == before.of(SLAS)
    folder.replace("slas.yaml", "target: 480m", "target: 9h")
    assert folder.load().of(SLAS) != before.of(SLAS)


def test_check_says_what_is_there_or_what_is_wrong(folder: Folder) -> None:
    code, text = check_charter(folder.path)
    assert code == 0
    assert "2 teams, 2 services" in text
    assert "1 runbooks (1 auto)" in text
    folder.replace("teams.yaml", "title: Care", "titel: Care")
    code, text = check_charter(folder.path)
    assert code == 1
    assert "has 2 problems:" in text
    assert "teams.yaml:4: teams.care.titel" in text


def warnings(folder: Folder) -> list[str]:
    code, text = check_charter(folder.path)
    assert code == 0
    return [line.split("warning: ")[1] for line in text.splitlines() if "warning: " in line]


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "part"),
    [
        (
            "calendars.yaml",
            "09:00-12:00",
            "00:00-23:59",
            "calendars.yaml:6: calendars.office.week.mon[0]",
            "write 00:00-24:00",
        ),
        (
            "calendars.yaml",
            "13:00-17:00",
            "13:00-16:59",
            "calendars.yaml:6: calendars.office.week.mon[1]",
            "write 13:00-17:00",
        ),
        (
            "calendars.yaml",
            "13:00-17:00",
            "17:00-08:00",
            "calendars.yaml:6: calendars.office.week.mon[1]",
            "after 15 hours",
        ),
        (
            "teams.yaml",
            '"06:00"',
            '"23:59"',
            "teams.yaml:13: teams.network.shifts[0].to",
            "22:00-24:00",
        ),
        (
            "calendars.yaml",
            "name: Winter}",
            "name: Winter}\n      - {from: 2027-01-02, to: 2027-01-09, name: Move}",
            "calendars.yaml:10: calendars.office.closures[1]",
            "overlaps 'Winter'",
        ),
        (
            "calendars.yaml",
            "name: Winter}",
            "name: Winter}\n    yearly_closures:\n      - {from: 12-24, to: 01-03, name: W}"
            "\n      - {from: 01-01, to: 01-01, name: New Year}",
            "calendars.yaml:12: calendars.office.yearly_closures[1]",
            "overlaps 'W'",
        ),
        (
            "calendars.yaml",
            "name: Winter}",
            "name: Winter}\n    special_days:"
            '\n      - {date: 2026-12-24, hours: ["08:00-23:59"], name: Eve}',
            "calendars.yaml:11: calendars.office.special_days[0].hours[0]",
            "08:00-24:00",
        ),
    ],
)
def test_what_was_hardly_meant_is_a_warning_and_in_force(
    folder: Folder, file: str, old: str, new: str, place: str, part: str
) -> None:
    folder.replace("calendars.yaml", '"09:00-12:00", "13:00-17:00"', '"09:00-12:00"')
    if "13:00" in old:
        folder.replace("calendars.yaml", '"09:00-12:00"', '"09:00-12:00", "13:00-17:00"')
    assert warnings(folder) == []
    folder.replace(file, old, new)
    [warning] = warnings(folder)
    assert warning.startswith(f"{place}: ")
    assert part in warning
