"""Each step is carried out by the executor that its kind names, and the journal says which."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from desk_automation.actions.decide import Kinds
from desk_automation.actions.executor import ExecutorKind
from desk_automation.actions.model import Action
from desk_automation.actions.template import Values, fill
from desk_automation.adapters.executors.registry import EXECUTORS, Surroundings
from desk_automation.runs.model import Phase
from desk_charter.request_model import Request
from desk_charter.requests import HttpRequest, request_models
from desk_contracts.events.automation import Outcome, RunStepRecorded, StepStatus
from pydantic import ValidationError

from tests.support.automation_engine import Engine, FakeTarget, act, measured, raised, runbook

WAIT = {"id": "rest", "kind": "wait", "for": "10s"}


class ConsoleRequest(Request):
    """What a package's own executor is asked."""

    command: str

    @property
    def only_reads(self) -> bool:
        return self.command.startswith("show ")


class ConsoleAction(Action):
    command: str

    def summarize(self) -> str:
        return f"console: {self.command}"


def render(request: ConsoleRequest, values: Values) -> ConsoleAction:
    return ConsoleAction(command=fill(request.command, values))


@pytest.fixture
def console() -> Iterator[ExecutorKind[ConsoleRequest, Surroundings]]:
    """As if a package were installed that registers it."""
    kinds = request_models()._kinds
    kinds["console"] = ConsoleRequest
    yield ExecutorKind(ConsoleRequest, render, lambda _surroundings: FakeTarget())
    del kinds["console"]


def console_act(command: str = "restart ${target}") -> dict[str, object]:
    return act() | {"executor": "console", "request": {"command": command}}


async def test_a_wait_is_journalled_as_a_wait_and_calls_nobody() -> None:
    engine = Engine((runbook(steps=[WAIT, act(), {**WAIT, "id": "rest-again"}]),))
    await engine.hear(raised())
    await engine.settle(timedelta(minutes=1))
    run = await engine.run()
    lines = [(line.step, line.executor, line.kind, line.status) for line in run.journal]
    assert lines == [
        ("rest", "wait", "wait", StepStatus.DONE),
        ("clean", "http", "act", StepStatus.DONE),
        ("rest-again", "wait", "wait", StepStatus.DONE),
    ]
    assert engine.target.kinds() == ["act"]
    recorded = [
        event.data for event in engine.bus.events() if isinstance(event.data, RunStepRecorded)
    ]
    assert {(item.step, item.executor) for item in recorded} == {
        ("rest", "wait"),
        ("clean", "http"),
        ("rest-again", "wait"),
    }


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_wait_is_over_once_wherever_its_worker_dies(number: int, when: str) -> None:
    engine = Engine((runbook(steps=[WAIT, act()]),))
    setattr(engine.boundary, when, number)
    await engine.hear(raised())
    for _ in range(9):
        await engine.settle(timedelta(seconds=5))
        await engine.hear(measured(40.0, engine.clock.now()))
    run = await engine.run()
    assert run.phase is Phase.HEALED
    waited = [line for line in run.journal if line.kind == "wait"]
    assert [(line.status, line.resumed) for line in waited] == [(StepStatus.DONE, 0)]
    assert engine.target.effects == {"clean": 1}


async def test_a_package_brings_an_executor_with_its_own_request(
    console: ExecutorKind[ConsoleRequest, Surroundings],
) -> None:
    engine = Engine((runbook(steps=[console_act()]),))
    engine.policy = replace(engine.policy, kinds=with_kinds(console=console))
    engine.restart_projection()
    far_side = FakeTarget()
    engine.executors["console"] = far_side
    await engine.hear(raised())
    await engine.settle(timedelta(seconds=10))
    [call] = far_side.calls
    assert ConsoleAction.model_validate(call.call.action).command == "restart laptop-1"
    assert [line.executor for line in (await engine.run()).journal] == ["console"]
    assert not engine.target.calls


async def test_a_run_whose_executor_is_gone_reaches_people_and_sent_nothing(
    console: ExecutorKind[ConsoleRequest, Surroundings],
) -> None:
    engine = Engine((runbook(steps=[console_act()]),))
    engine.policy = replace(engine.policy, kinds=with_kinds(console=console))
    engine.restart_projection()
    await engine.hear(raised())
    await engine.settle()
    run = await engine.run()
    assert (run.phase, run.outcome, run.has_sent) == (Phase.ESCALATED, Outcome.NOT_RUN, False)


def test_a_request_is_read_as_that_of_its_executor(
    console: ExecutorKind[ConsoleRequest, Surroundings],
) -> None:
    assert console.request is ConsoleRequest
    read = runbook(steps=[console_act(), act("pure", id="more")])
    requests = [type(step.request) for step in read.steps]
    assert requests == [ConsoleRequest, HttpRequest]
    assert runbook(steps=[console_act()]) != runbook(steps=[console_act("stop it")])
    assert '"command":"restart ${target}"' in read.model_dump_json(exclude_defaults=True)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (act() | {"executor": "nobody"}, "has no kind 'nobody'"),
        (act() | {"executor": "console"}, r"request\.command\n  Field required"),
        (console_act() | {"kind": "probe", "effect": None}, "Extra inputs"),
    ],
)
@pytest.mark.usefixtures("console")
def test_a_request_that_does_not_fit_its_executor_is_refused(
    step: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        runbook(steps=[step])


def with_kinds(**kinds: ExecutorKind[Any, Any]) -> Kinds:
    return MappingProxyType({**EXECUTORS.kinds, **kinds})
