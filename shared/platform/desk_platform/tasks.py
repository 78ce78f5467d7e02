"""Ending what runs beside: a task that is told to stop has stopped when this returns."""

import asyncio
from datetime import timedelta
from typing import Any

from desk_platform.telemetry import get_logger

log = get_logger()

# Long enough for a task to close what it had open.
_AGAIN_AFTER = timedelta(seconds=1)


async def cancel_tasks(*tasks: "asyncio.Task[Any]", again_after: timedelta = _AGAIN_AFTER) -> None:
    """Cancel the tasks until they are done; a failure on the way is logged.

    Once is not enough: before Python 3.12 `asyncio.wait_for` loses a cancellation that meets its
    end (https://github.com/python/cpython/issues/86296), and the store's driver writes with it.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        done, running = await asyncio.wait(running, timeout=again_after.total_seconds())
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("task_failed_at_its_end", task=task.get_name(), exc_info=error)
