"""Goals are optional, and refused with file, line and reason when they are wrong."""

from datetime import date
from pathlib import Path
from typing import Protocol

import pytest
from desk_charter.check import check_charter
from desk_charter.model import Charter
from desk_metrics.planning.charter import GOALS

WRITTEN = """\
goals:
  - name: half
    title: Half the tickets
    measure: contacts
    where: {services: [vpn], teams: [network]}
    direction: down
    target: {times_baseline: 0.5}
    baseline: {from: 2026-01-05, to: 2026-06-28}
    due: 2028-06-30
    owner: network
"""


class Folder(Protocol):
    path: Path

    def write(self, name: str, text: str) -> None: ...
    def replace(self, name: str, old: str, new: str) -> None: ...
    def load(self) -> Charter: ...
    def problems(self) -> list[str]: ...


@pytest.fixture
def with_goals(folder: Folder) -> Folder:
    folder.write("goals.yaml", WRITTEN)
    return folder


def test_a_charter_needs_no_goals(folder: Folder) -> None:
    assert folder.load().of(GOALS) == ()


def test_goals_are_read_and_are_part_of_the_version(folder: Folder) -> None:
    before = folder.load().version
    folder.write("goals.yaml", WRITTEN)
    charter = folder.load()
    (goal,) = charter.of(GOALS)
    assert (goal.measure, goal.target.times_baseline) == ("contacts", 0.5)
    assert (goal.baseline.first, goal.due) == (date(2026, 1, 5), date(2028, 6, 30))
    assert charter.version != before


BREAKS = [
    ("contacts", "tickets", "goals.yaml:4: goals.half.measure:", "is not possible here"),
    ("[vpn]", "[vpm]", "goals.yaml:5: goals.half.where.services[0]:", "did you mean 'vpn'"),
    ("[network]", "[x]", "goals.yaml:5: goals.half.where.teams[0]:", "not in teams.yaml"),
    ("owner: network", "owner: netwrok", "goals.yaml:10: goals.half.owner:", "'network'"),
    ("down", "sideways", "goals.yaml:6: goals.half.direction:", "down or up"),
    ("down", "up", "goals.yaml:2: goals.half:", "contradict each other"),
    ("times_baseline: 0.5", "times_baseline: 0", "goals.yaml:7:", "more than 0"),
    ("times_baseline: 0.5", "times: 0.5", "goals.yaml:7:", "is not a field here"),
    ("times_baseline: 0.5", "", "goals.yaml:7: goals.half.target:", "only one"),
    ("times_baseline: 0.5", "times_baseline: 0.5, value: 3", "goals.yaml:7:", "only one"),
    ("2026-06-28", "2026-01-20", "goals.yaml:8: goals.half.baseline:", "less than four weeks"),
    ("2026-06-28", "soon", "goals.yaml:8: goals.half.baseline.to:", "is not a date"),
    ("2028-06-30", "2026-06-28", "goals.yaml:2: goals.half:", "before its baseline ends"),
    ("2028-06-30", "20280630", "goals.yaml:9: goals.half.due:", "is not a date"),
    ("measure: contacts", "measure: relapses", "goals.yaml:2: goals.half:", "by service only"),
    ("goals:\n", "goal:\n", "goals.yaml:1: goals.goal:", "is not read here"),
]


@pytest.mark.parametrize(("old", "new", "begins", "part"), BREAKS)
def test_a_wrong_goal_is_refused_with_its_line(
    with_goals: Folder, old: str, new: str, begins: str, part: str
) -> None:
    with_goals.replace("goals.yaml", old, new)
    problems = with_goals.problems()
    assert any(item.startswith(begins) and part in item for item in problems), problems


def test_a_name_is_given_once(with_goals: Folder) -> None:
    with_goals.write("goals.yaml", WRITTEN + WRITTEN.removeprefix("goals:\n"))
    assert any("'half' is there already" in problem for problem in with_goals.problems())


def test_an_empty_file_is_told(folder: Folder) -> None:
    folder.write("goals.yaml", "")
    (problem,) = folder.problems()
    assert problem.startswith("goals.yaml:1: ")
    assert "empty" in problem


@pytest.mark.parametrize("section", ["goals", "teams", "services"])
def test_a_list_without_items_is_told(folder: Folder, section: str) -> None:
    folder.write(f"{section}.yaml", f"{section}:\n")
    assert any(
        problem.startswith(f"{section}.yaml:1: ")
        and f"write its items, or '{section}: []'" in problem
        for problem in folder.problems()
    )


def test_the_check_counts_goals(with_goals: Folder) -> None:
    code, text = check_charter(with_goals.path)
    assert code == 0
    assert "1 goals" in text
