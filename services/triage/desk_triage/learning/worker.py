"""Keeps the learned model fresh without a restart.

Like the charter: at start a bad one stops the service with the reason; later a bad one is refused
and the last good one stays in force. Without a file nothing was learned.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.telemetry import get_logger

from desk_triage.learning.model import LearnedModel
from desk_triage.learning.store import InvalidModel, read_model

log = get_logger()

POLL = timedelta(seconds=2)
Fingerprint = tuple[int, int, int] | None


class ModelSource:
    """The model in force. Starting with a bad one raises `InvalidModel`."""

    def __init__(self, path: Path, clock: Clock, poll: timedelta = POLL) -> None:
        self._path, self._clock, self._poll = path, clock, poll
        self._seen = _fingerprint(path)
        self._current = read_model(path)
        self._log("model_in_force" if self._current else "no_model")

    @property
    def current(self) -> LearnedModel | None:
        """The last good model; read it once per decision."""
        return self._current

    async def run(self) -> None:
        """Look for another one until cancelled."""
        while True:
            await self._clock.sleep(self._poll)
            await self.refresh()
            beat()

    async def refresh(self) -> bool:
        """Take over what has changed; whether another model, or none, is in force now."""
        seen = await asyncio.to_thread(_fingerprint, self._path)
        if seen == self._seen:
            return False
        model, refusal = None, ""
        try:
            model = await asyncio.to_thread(read_model, self._path)
        except InvalidModel as invalid:
            refusal = invalid.message
        self._seen = seen
        if refusal:
            log.error("model_refused", reason=refusal, version_in_force=self._version)
            return False
        if (model.version if model else "") == self._version:
            return False
        self._current = model
        self._log("model_changed")
        return True

    @property
    def _version(self) -> str:
        return self._current.version if self._current else ""

    def _log(self, event: str) -> None:
        log.info(event, file=str(self._path), version=self._version)


def _fingerprint(path: Path) -> Fingerprint:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
