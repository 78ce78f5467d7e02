"""A task that is told to stop has stopped, whatever becomes of the first cancellation."""

import asyncio
from datetime import timedelta

from desk_platform.tasks import cancel_tasks
from structlog.testing import capture_logs

SOON = timedelta(milliseconds=10)


async def for_ever(began: asyncio.Event) -> None:
    began.set()
    await asyncio.Event().wait()


async def test_a_running_task_is_cancelled() -> None:
    began = asyncio.Event()
    task = asyncio.create_task(for_ever(began))
    await began.wait()
    await cancel_tasks(task)
    assert task.cancelled()


async def test_a_lost_cancellation_is_said_again() -> None:
    began, lost = asyncio.Event(), []

    async def deaf_once() -> None:
        try:
            await for_ever(began)
        except asyncio.CancelledError as one:
            lost.append(one)
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await began.wait()
    await cancel_tasks(task, again_after=SOON)
    assert task.cancelled()
    assert len(lost) == 1


async def test_a_failure_on_the_way_is_logged_and_does_not_stop_the_others() -> None:
    began = asyncio.Event()

    async def failing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the file is gone")

    tasks = [asyncio.create_task(failing(), name="closing"), asyncio.create_task(for_ever(began))]
    await began.wait()
    with capture_logs() as logs:
        await cancel_tasks(*tasks)
    assert [(log["event"], log["task"]) for log in logs] == [("task_failed_at_its_end", "closing")]
    assert tasks[1].cancelled()


async def test_what_is_done_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.Event().wait())
    await cancel_tasks(task)
    await cancel_tasks(task)
    await cancel_tasks()
    assert task.cancelled()
