"""What a service's pure code lost of its coverage is found; what it gained asks for more."""

import pytest

from scripts.coverage import FLOORS, SLACK, judge, measure


@pytest.mark.parametrize(
    ("over", "will_do", "advice"),
    [(-0.1, False, "under its floor"), (0.0, True, ""), (SLACK, True, "raise its floor")],
)
def test_a_floor_holds_and_only_rises(over: float, will_do: bool, advice: str) -> None:
    verdict = judge("triage", FLOORS["triage"] + over)
    assert verdict[0] is will_do
    assert advice in verdict[1]
    assert bool(advice) is bool(verdict[1])


def test_lines_and_branches_of_pure_modules_are_counted_and_no_others() -> None:
    summary = {"covered_lines": 6, "num_statements": 8, "covered_branches": 1, "num_branches": 2}
    folder = "services/billing/desk_billing"
    names = [f"{folder}/invoices/decide.py", f"{folder}/invoices/store.py", f"{folder}/service.py"]
    report = {"files": {name: {"summary": summary} for name in names}}
    assert measure(report) == {"billing": (7, 10, [f"{names[0]}: 3 of 10"])}
