"""Every example on the page of executors is one that the charter accepts."""

import re
from pathlib import Path

import pytest

from tests.support.charter_folder import CharterFolder

PAGE = (Path(__file__).parents[3] / "docs" / "executors.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
RUNBOOK = "runbooks/restart-vpn.yaml"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n", 1)[0])
def test_an_example_is_in_force(folder: CharterFolder, example: str) -> None:
    text = folder.text(RUNBOOK)
    begin, end = text.index("  - id: restart"), text.index("verify:")
    folder.write(RUNBOOK, text[:begin] + example + text[end:])
    assert folder.problems() == []


def test_each_executor_has_one() -> None:
    named = {name for text in EXAMPLES for name in re.findall(r"executor: (\S+)", text)}
    assert {"ssh", "kubernetes", "directory", "script"} <= named
    assert len(EXAMPLES) == 6
