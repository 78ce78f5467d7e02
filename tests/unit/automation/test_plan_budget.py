"""A plan's budget holds the whole window of its verification."""

from datetime import timedelta

import pytest
from desk_automation.runs.plan import Plan
from desk_automation.safety.model import Bounds
from desk_automation.verification.model import PlannedVerify

BOUNDS = Bounds(
    cooldown=timedelta(0),
    per_day=9,
    per_hour=9,
    overflow="escalate",
    failures=2,
    reopen_after=timedelta(minutes=30),
)
VERIFY = PlannedVerify(
    measurement="m", condition="value >= 15.0", samples=1, within=timedelta(minutes=7)
)


@pytest.mark.parametrize(("verify", "budget"), [(VERIFY, VERIFY.within), (None, timedelta(0))])
def test_a_plan_takes_as_long_as_its_verification(
    verify: PlannedVerify | None, budget: timedelta
) -> None:
    plan = Plan(
        runbook="r",
        version="v",
        title="A repair",
        mode="auto",
        verify=verify,
        team="workplace",
        escalation_title="It did not help",
        bounds=BOUNDS,
    )
    assert plan.budget == budget
