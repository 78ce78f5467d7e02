"""Runs that wait for one target: the most urgent is called first."""

from datetime import timedelta

import pytest
from desk_automation.runs.model import Phase

from tests.support.automation_engine import Engine, measured, raised, runbook

SECOND = timedelta(seconds=1)


async def test_of_those_that_wait_for_a_target_the_most_urgent_is_called_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later, plain, urgent = (
        runbook(id=id, **more)
        for id, more in (
            ("later", {"priority": "P4"}),
            ("plain", {}),
            ("first", {"priority": "P1"}),
        )
    )
    holder = runbook(id="holder", settle="0s")
    engine = Engine((later, plain, urgent, holder))
    event = raised()
    await engine.hear(event)
    waiting = [(await engine.run(event, number)).id for number in range(3)]
    first = await engine.run(event, 3)
    await engine.worker.advance(first.id)
    engine.clock.advance(2 * SECOND)
    for id in waiting:
        await engine.worker.advance(id)
    assert [(await engine.run(event, n)).phase for n in range(3)] == [Phase.QUEUED] * 3

    changed: list[str] = []
    change = engine.journal.change

    async def note(id: str, *args: object, **more: object) -> object:
        changed.append(id)
        return await change(id, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.journal, "change", note)
    for _ in range(4):
        engine.clock.advance(10 * SECOND)
        await engine.hear(measured(60.0, engine.clock.now()))
        await engine.worker.advance(first.id)
    assert (await engine.run(event, 3)).has_ended
    called = [id for id in changed if id != first.id]
    assert called == [waiting[2]]
