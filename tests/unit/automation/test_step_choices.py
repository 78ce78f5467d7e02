"""Steps for some events only: chosen before anybody says yes, and never left out in doubt."""

import pytest
from desk_automation.runs.model import Phase
from desk_contracts.events.automation import Outcome

from tests.support.automation_engine import Engine, act, guard, raised, runbook
from tests.support.spoken import english

WINDOWS, LINUX = 'data.attributes.os == "windows"', 'data.attributes.os == "linux"'
STEPS = [act(id="sweep", **{"if": WINDOWS}), act(id="clean", **{"if": LINUX}), act(id="report")]


def of(os: str | None) -> dict[str, str]:
    given = {"agent_url": "http://127.0.0.1:9000"}
    return given if os is None else {**given, "os": os}


@pytest.mark.parametrize(
    ("os", "steps"), [("windows", ["sweep", "report"]), ("linux", ["clean", "report"])]
)
async def test_only_the_steps_for_the_event_are_planned_and_done(os: str, steps: list[str]) -> None:
    engine = Engine((runbook(steps=STEPS),))
    await engine.hear(raised(attributes=of(os)))
    await engine.settle()
    run = await engine.run()
    assert [step.id for step in run.plan.steps] == steps
    assert [call.step for call in engine.target.calls] == steps


async def test_a_guard_may_be_for_some_events_only() -> None:
    engine = Engine((runbook(guards=[guard() | {"if": WINDOWS}], steps=[act()]),))
    await engine.hear(raised(attributes=of("linux")))
    await engine.settle()
    assert engine.target.kinds() == ["act"]


@pytest.mark.parametrize(
    ("os", "says"),
    [(None, "Whether its step sweep is for this cannot be told"), ("plan9", "None of its steps")],
)
async def test_what_cannot_be_told_or_has_no_step_goes_to_people(os: str | None, says: str) -> None:
    engine = Engine((runbook(steps=STEPS[:2]),))
    await engine.hear(raised(attributes=of(os)))
    await engine.settle()
    run = await engine.run()
    assert (run.phase, run.outcome) == (Phase.ESCALATED, Outcome.NOT_RUN)
    assert says in english(run.reason)
    assert not engine.target.calls
