"""A run or a subject that raises is its own trouble: reported, put off, given up; others go on."""

from collections.abc import Sequence
from typing import Any

from desk_automation.verification.model import Subject
from desk_kernel import Decision
from desk_platform.kafka import WorkItem
from desk_testing import eventually

from tests.support.automation_engine import Engine, raised, runbook


class Reports:
    """What a worker told the timers."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def __call__(self, failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
        self.ids += (task.id for task, _ in failures)


async def test_a_run_that_cannot_be_read_is_reported_and_keeps_no_hand() -> None:
    engine, reports = Engine((runbook(),)), Reports()
    await engine.hear(raised())
    [stored] = await engine.runs.find({})
    id = stored.id
    engine.runs.damage(id)
    await engine.worker.on_timer([id], reports)
    await eventually(lambda: reports.ids == [id])
    assert not engine.worker._active


async def test_news_that_cannot_be_told_hold_up_no_other() -> None:
    engine, reports = Engine((runbook(),)), Reports()
    await engine.hear(raised())
    [stored] = await engine.runs.find({})
    id = stored.id
    run = await engine.run()
    engine.runs.damage(id)
    broken = run.trigger.subject

    def queue_update(of: str) -> Any:
        return lambda _state, context: Decision(Subject(updates=(of,)), due=context.now)

    await engine.subject_unit_of_work.run(
        [WorkItem(broken, queue_update(id)), WorkItem("other", queue_update("nobody"))], reports
    )
    await engine.notifier.on_timer([broken, "other"], reports)
    assert reports.ids == [broken]
    assert [id for _, id in await engine.subjects.due(engine.clock.now(), 9)] == [broken]
