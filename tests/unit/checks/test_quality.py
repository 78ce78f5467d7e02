"""What `quality.yaml` of a service calls done is shown somewhere that exists."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = sorted(ROOT.glob("services/*/quality.yaml"))
RULES = [
    pytest.param(rule, entry, id=f"{file.parent.name} {rule}")
    for file in FILES
    for rule, entry in yaml.safe_load(file.read_text())["rules"].items()
]
PLACE = re.compile(r"\b(?:tests|docs|bench|tools|scripts)/[\w/.*-]*[\w*]")


def test_each_service_has_one() -> None:
    assert [file.parent.name for file in FILES] == sorted(
        folder.name for folder in ROOT.glob("services/*") if (folder / "pyproject.toml").exists()
    )


@pytest.mark.parametrize(("rule", "entry"), RULES)
def test_a_rule_has_a_status_a_reason_and_a_place_that_exists(
    rule: str, entry: dict[str, str]
) -> None:
    assert entry.keys() == {"status", "comment"}, rule
    assert entry["status"] in {"done", "todo", "exempt"}
    assert entry["comment"]
    for place in PLACE.findall(entry["comment"]):
        assert list(ROOT.glob(place)), f"{place} does not exist"
