"""What an editor accepts by the JSON Schema, the parser accepts, and the other way round.

Each bad file is one line away from a good one. Both refuse it, or `ONLY_PARSER` says why a schema
cannot know.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from desk_charter import load_charter
from desk_charter.problems import InvalidCharter
from desk_runbooks.scenario_files import BadScenario, read_scenarios
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
RUNBOOK = ROOT / "charter" / "runbooks" / "clean-disk.yaml"
SCENARIO = ROOT / "scenarios" / "disk-full-cleaned.yaml"
SCHEMAS = ROOT / "docs" / "schemas"

# Name, the text that is replaced, and what stands there instead.
RUNBOOKS = [
    ("unknown field", "title: Free", "titel: Free"),
    ("unknown field of a step", "    timeout: 5s", "    time_out: 5s"),
    ("no title", "title: Free space on a laptop's disk\n", ""),
    ("no window", "  within: 30s\n", ""),
    ("no steps", "steps:\n  - id: clean", "steps: []\nguards:\n  - id: clean"),
    ("mode", "mode: auto", "mode: automatic"),
    ("risk", "risk: reversible", "risk: small"),
    ("effect", "effect: keyed", "effect: twice"),
    ("kind of step", "kind: act", "kind: action"),
    ("overflow", "overflow: queue", "overflow: drop"),
    ("expected of a test", "expect: run", "expect: runs"),
    ("duration without unit", "settle: 1s", "settle: 1"),
    ("duration of no unit", "settle: 1s", "settle: 1 moon"),
    ("negative duration", "settle: 1s", "settle: -1s"),
    ("pause of a retry", "base: 500ms", "base: soon"),
    ("no run a day", "per_day: 4", "per_day: 0"),
    ("half a run", "per_day: 4", "per_day: 4.5"),
    ("a text for a number", "per_hour: 200", "per_hour: many"),
    ("too many tries", "attempts: 4", "attempts: 99"),
    ("no sample", "samples: 1", "samples: 0"),
    ("fleet of none", "more_than: 200", "more_than: 0"),
    ("team that is no name", "owner_team: workplace", "owner_team: Work Place"),
    ("date that is none", "expires: 2027-12-31", "expires: next year"),
    ("day that is none", "expires: 2027-12-31", 'expires: "2027-13-31"'),
    ("event that is none", "event: desk.signal.raised.v1", "event: Signal"),
    ("measurement that is none", "measurement: disk.free.percent", "measurement: Disk Free"),
    ("list for a mapping", "match: {by: [subject]}", "match: [subject]"),
    ("text for a list", "match: {by: [subject]}", "match: {by: subject}"),
    ("nothing that makes an episode", "match: {by: [subject]}", "match: {by: []}"),
    ("method", "method: POST", "method: SHOUT"),
    ("not even YAML", "match: {by: [subject]}", "match: {by: [subject"),
    ("twice the same key", "risk: reversible", "risk: reversible\nrisk: read"),
    ("unknown attribute", "data.signal ==", "data.signall =="),
    ("condition that does not parse", "data.signal ==", "data.signal = ="),
    ("unknown team", "owner_team: workplace", "owner_team: nobody"),
    ("other name than its file", "id: clean-disk", "id: clean-disks"),
    ("executor that is not there", "executor: http", "executor: telnet"),
    ("event that is not read", "event: desk.signal.raised.v1", "event: desk.signal.raised.v9"),
    ("two conditions", "at_least: 15", "at_least: 15\n  at_most: 90"),
    ("no condition", "  at_least: 15\n", ""),
    ("confirmable without confirm", "effect: keyed", "effect: confirmable"),
    ("once with a retry", "effect: keyed", "effect: once"),
    ("test that shows something else", "expect: run", "expect: ignore"),
    ("target that no event has", "target: subject", "target: data.desk"),
    ("header of ours", "Idempotency-Key:", "Content-Length:"),
]  # fmt: skip
SCENARIOS = [
    ("unknown field", "fault: Caches", "falt: Caches"),
    ("no runbook", "runbook: clean-disk\n", ""),
    ("no twin", SCENARIO.read_text("utf-8").partition("twin:")[1] + "\n", "twins:\n"),
    ("danger", "danger: no-effect", "danger: bad-luck"),
    ("outcome", "outcome: not_healed", "outcome: ill"),
    ("duration without unit", "every: 15s", "every: 15"),
    ("text for a number", "before: 4, after: 38", "before: low, after: 38"),
    ("acts below nothing", "acts: 1", "acts: -1"),
    ("measurement that is none", "disk.free.percent", "Disk Free"),
    ("list for a mapping", "expect: {events: [started, healed], acts: 1}", "expect: [started]"),
    ("event with two words", "{raise: disk-filling, value: 4}", "{raise: a, clear: a}"),
    ("event of nobody", "value: 4}", "subject: laptop-9}"),
    ("other name than its file", "id: disk-full-cleaned", "id: disk-full"),
    ("twice the same key", "runbook: clean-disk", "runbook: clean-disk\nrunbook: clean-disk"),
]  # fmt: skip
ONLY_PARSER = {
    "runbook": {
        "not even YAML": "an editor says so before any schema",
        "twice the same key": "a schema sees what was read, where the last one stands alone",
        "unknown attribute": "conditions are a language of their own",
        "condition that does not parse": "conditions are a language of their own",
        "unknown team": "teams stand in another file",
        "other name than its file": "a schema does not see the file's name",
        "executor that is not there": "executors are what is installed",
        "event that is not read": "a later version may read more",
        "two conditions": "what excludes what is the model's rule",
        "no condition": "what excludes what is the model's rule",
        "confirmable without confirm": "what belongs together is the model's rule",
        "once with a retry": "what excludes what is the model's rule",
        "test that shows something else": "the matcher plays it",
        "target that no event has": "what an event has stands in its own schema",
        "header of ours": "what a request may carry is its executor's rule",
    },
    "scenario": {
        "event with two words": "what excludes what is the model's rule",
        "event of nobody": "names within a file are no schema's",
        "other name than its file": "a schema does not see the file's name",
        "twice the same key": "a schema sees what was read, where the last one stands alone",
    },
}
CASES = [
    *(pytest.param("runbook", *case, id=f"runbook: {case[0]}") for case in RUNBOOKS),
    *(pytest.param("scenario", *case, id=f"scenario: {case[0]}") for case in SCENARIOS),
]
GOOD = {"runbook": RUNBOOK, "scenario": SCENARIO}


@pytest.fixture(scope="module")
def charter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(ROOT / "charter", tmp_path_factory.mktemp("agreement") / "charter")


def is_refused_by_schema(kind: str, text: str) -> bool:
    place = {"runbook": "charter/runbook.schema.json", "scenario": "scenario.schema.json"}[kind]
    schema: dict[str, Any] = json.loads((SCHEMAS / place).read_text("utf-8"))
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    # Dates are text to an editor, and keys are always texts.
    read = json.loads(json.dumps(yaml.load(text), default=str))
    # As editors do, with the forms of dates.
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema, format_checker=formats)
    return not validator.is_valid(read)


def is_refused_by_parser(kind: str, text: str, charter: Path) -> bool:
    if kind == "scenario":
        path = charter.parent / SCENARIO.name
        path.write_text(text, "utf-8")
        try:
            read_scenarios(path)
        except BadScenario:
            return True
        return False
    path = charter / "runbooks" / RUNBOOK.name
    path.write_text(text, "utf-8")
    try:
        load_charter(charter)
    except InvalidCharter as invalid:
        return any(RUNBOOK.name in problem.file for problem in invalid.problems)
    return False


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_the_good_file_is_accepted_by_both(kind: str, charter: Path) -> None:
    text = GOOD[kind].read_text("utf-8")
    assert not is_refused_by_schema(kind, text)
    assert not is_refused_by_parser(kind, text, charter)


@pytest.mark.parametrize(("kind", "name", "old", "new"), CASES)
def test_a_bad_file_is_refused_by_both_or_it_says_why_not(
    kind: str, name: str, old: str, new: str, charter: Path
) -> None:
    good = GOOD[kind].read_text("utf-8")
    assert old in good
    text = good.replace(old, new, 1)
    assert is_refused_by_parser(kind, text, charter)
    if name != "not even YAML":
        assert is_refused_by_schema(kind, text) == (name not in ONLY_PARSER[kind])


def test_reasons_are_given_for_cases_that_are_tried() -> None:
    tried = {"runbook": RUNBOOKS, "scenario": SCENARIOS}
    for kind, reasons in ONLY_PARSER.items():
        assert set(reasons) <= {name for name, *_ in tried[kind]}
