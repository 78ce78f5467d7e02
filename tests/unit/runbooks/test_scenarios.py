"""Every scenario of the project goes as it says, and so does its twin that must not be healed."""

from pathlib import Path

import pytest
from desk_charter import Charter, load_charter
from desk_charter.runbook_checks import RUNBOOKS
from desk_contracts.events.signals import SignalRaised
from desk_runbooks.scenario_files import BadScenario, read_scenarios
from desk_runbooks.simulation import Script, play, scripts_of
from desk_runbooks.verdict import find_differences

ROOT = Path(__file__).parents[3]
SCENARIOS = read_scenarios(ROOT / "scenarios")
SCRIPTS = [script for scenario in SCENARIOS for script in scripts_of(scenario)]
CLEANED = ROOT / "scenarios" / "disk-full-cleaned.yaml"


@pytest.fixture(scope="module")
def charter() -> Charter:
    return load_charter(ROOT / "charter")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name.replace(" ", "-"))
def test_it_goes_as_it_says(script: Script, charter: Charter) -> None:
    assert list(find_differences(script, play(script, charter))) == []


def test_there_are_enough_of_every_runbook(charter: Charter) -> None:
    assert len(SCENARIOS) >= 25
    # What people ask for is no fault: no scenario raises a request.
    healing = {item.id for item in charter.of(RUNBOOKS) if item.event == SignalRaised.TYPE}
    assert {item.runbook for item in SCENARIOS} == healing


def test_the_same_script_gives_the_same_record(charter: Charter) -> None:
    [scenario] = read_scenarios(ROOT / "scenarios" / "disk-agent-busy.yaml")
    script, _ = scripts_of(scenario)
    assert play(script, charter).lines == play(script, charter).lines


def test_a_twin_that_is_healed_fails(charter: Charter, tmp_path: Path) -> None:
    text = CLEANED.read_text("utf-8").replace("after: 4,", "after: 40,")
    path = tmp_path / CLEANED.name
    path.write_text(text, "utf-8")
    [scenario] = read_scenarios(path)
    _, twin = scripts_of(scenario)
    differences = list(find_differences(twin, play(twin, charter)))
    assert "1 healed, although it is no-effect" in differences


def test_without_its_runbook_the_fault_is_not_healed(charter: Charter) -> None:
    """What makes a scenario pass is the runbook, not the scenario."""
    [scenario] = read_scenarios(CLEANED)
    script, _ = scripts_of(scenario)
    bare = charter.model_copy(update={"obeyed": {**charter.obeyed, "runbooks": ()}})
    assert list(find_differences(script, play(script, bare)))


@pytest.mark.parametrize(
    ("before", "after", "line", "wanted"),
    [
        ("every: 15s", "every: 15", 8, "has no unit"),
        ("raise: disk-filling", "rise: disk-filling", 10, "'rise' is not a field here"),
        ("events: [started, healed], acts: 1", "acts: 1", 11, "write at least one of"),
        ("value: 4}", "value: 4, data: {colour: red}}", 10, "no field 'colour'"),
        ("value: 4}", "value: 4, subject: laptop-2}", 1, "no target 'laptop-2'"),
        ("id: disk-full-cleaned", "id: another", 2, "named like its file"),
        ("targets:\n", "targets: [\n", 7, "this is not YAML"),
    ],
)
def test_a_bad_scenario_is_said_with_file_and_line(
    tmp_path: Path, before: str, after: str, line: int, wanted: str
) -> None:
    path = tmp_path / CLEANED.name
    text = CLEANED.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(BadScenario) as refused:
        read_scenarios(path)
    problem = refused.value.problems[0]
    assert (problem.file, wanted in problem.sentence) == (str(path), True), problem
    assert abs(problem.line - line) <= 2


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="there are no scenarios here"):
        read_scenarios(tmp_path)
