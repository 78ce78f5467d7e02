"""escalation.yaml: what is wrong in it is told with its place."""

from pathlib import Path

import pytest
from desk_charter.load import load_charter
from desk_charter.problems import InvalidCharter
from desk_triage.escalation.charter import ESCALATION

from tests.support.charter_folder import FILES

GOOD = """\
escalation:
  - name: late
    trigger: at_risk
    percent: 75
    then: [offer_again, involve_owner]
"""


def write(folder: Path, text: str) -> Path:
    for name, content in FILES.items():
        (path := folder / name).parent.mkdir(exist_ok=True)
        path.write_text(content)
    (folder / "escalation.yaml").write_text(text)
    return folder


def test_levels_are_read_in_their_order(tmp_path: Path) -> None:
    (policy,) = load_charter(write(tmp_path, GOOD)).of(ESCALATION)
    assert policy.then == ("offer_again", "involve_owner")


def test_without_the_file_there_are_none(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "escalation.yaml").unlink()
    assert load_charter(tmp_path).of(ESCALATION) == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("trigger: at_risk", "trigger: breached", "a breach comes at 100 percent"),
        ("percent: 75", "percent: 76", "no SLA of these clocks warns at 76% or later"),
        ("percent: 75", "percent: 100", "percent"),
        ("then: [offer_again, involve_owner]", "then: []", "then"),
        ("involve_owner]", "offer_again]", "'then' names something twice"),
        ("involve_owner]", "pray]", "then"),
        ("percent: 75", "services: [fax]", "fax"),
        ("percent: 75", "teams: [nobody]", "nobody"),
        ("percent: 75", "clocks: [update]", "no SLA of slas.yaml has the clock update"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, before: str, after: str, expected: str) -> None:
    assert before in GOOD
    with pytest.raises(InvalidCharter) as refused:
        load_charter(write(tmp_path, GOOD.replace(before, after)))
    assert "escalation.yaml:" in str(refused.value)
    assert expected in str(refused.value)
