"""Keeps the charter fresh without a restart; an invalid new one is refused and the last good stays.

A ConfigMap swaps its `..data` link, an editor replaces a file: both change the fingerprint.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from desk_contracts import AnyEvent
from desk_contracts.errors import Invalid
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.organisation import OrganisationStatus

from desk_charter.admission import Admission
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.problems import Check, InvalidCharter, Problem
from desk_charter.sections import Section

# The kubelet itself takes up to a minute to bring a changed ConfigMap; two seconds add little.
POLL: Final = timedelta(seconds=2)

Fingerprint = tuple[tuple[str, int, int, int], ...]
OnChange = Callable[[Charter], None]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The new charter that is not in force, and everything that is wrong with it."""

    problems: tuple[Problem, ...]
    since: datetime


class CharterSource:
    """The charter in force. Starting with an invalid one raises `InvalidCharter`."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        obeyed: Sequence[Section[Any]] | None = None,
        checks: Sequence[Check] = (),
        accepts_unknown: bool = False,
        poll: timedelta = POLL,
    ) -> None:
        """`accepts_unknown` lets in events of systems that `sources.yaml` does not list."""
        self._folder = folder
        self._clock = clock
        self._obeyed, self._checks = obeyed, tuple(checks)
        self._poll = poll
        self._listeners: list[OnChange] = []
        self._seen = fingerprint(folder)
        self._current = load_charter(folder, self._obeyed, self._checks)
        self._admission = Admission(lambda: self._current, accepts_unknown=accepts_unknown)
        self._loaded_at = clock.now()
        self._reloads = 0
        self._refusals = 0
        self._refused: Refusal | None = None

    @property
    def current(self) -> Charter:
        """The last good charter; read it once per decision."""
        return self._current

    @property
    def refused(self) -> Refusal | None:
        """Why the newest charter is not in force; None when it is."""
        return self._refused

    @property
    def status(self) -> OrganisationStatus:
        """What health and figures tell about it."""
        refused = self._refused
        return OrganisationStatus(
            version=self._current.version,
            loaded_at=self._loaded_at,
            reloads=self._reloads,
            refusals=self._refusals,
            refused_since=None if refused is None else refused.since,
            problems=() if refused is None else tuple(map(str, refused.problems)),
        )

    def admit(self, event: AnyEvent) -> Invalid | None:
        """Why the event may not come in; None if it may: only systems that are listed publish."""
        return self._admission(event)

    def on_change(self, listener: OnChange) -> None:
        """Call it with every new charter that comes into force, in the order of subscription."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            await self._clock.sleep(self._poll)
            await self.refresh()
            beat()

    async def refresh(self) -> bool:
        """Take over what has changed; whether another charter is in force now."""
        seen = await asyncio.to_thread(fingerprint, self._folder)
        if seen == self._seen:
            return False
        try:
            charter = await asyncio.to_thread(
                load_charter, self._folder, self._obeyed, self._checks
            )
        except InvalidCharter as invalid:
            await self._refuse(invalid, seen)
            return False
        if seen != await asyncio.to_thread(fingerprint, self._folder):
            return False  # it changed while it was read; the next look takes it whole
        self._seen = seen
        return self._accept(charter)

    async def _refuse(self, invalid: InvalidCharter, seen: Fingerprint) -> None:
        if seen != await asyncio.to_thread(fingerprint, self._folder):
            return  # half written; not worth a word yet
        self._seen = seen
        self._refusals += 1
        self._refused = Refusal(invalid.problems, self._clock.now())
        _log.error(
            "charter_refused",
            folder=str(self._folder),
            version_in_force=self._current.version,
            problems=[str(problem) for problem in invalid.problems],
        )

    def _accept(self, charter: Charter) -> bool:
        if self._refused is not None:
            _log.info("charter_valid_again", folder=str(self._folder), version=charter.version)
        self._refused = None
        if charter.version == self._current.version:
            return False
        _log.info("charter_changed", version=charter.version, before=self._current.version)
        self._current = charter
        self._loaded_at = self._clock.now()
        self._reloads += 1
        for listener in self._listeners:
            listener(charter)
        return True


def fingerprint(folder: Path) -> Fingerprint:
    """Name, inode, time and size of every YAML file: changes whenever the charter may have."""
    files: list[tuple[str, int, int, int]] = []
    for pattern in ("*.y*ml", "*/*.y*ml"):
        for path in sorted(folder.glob(pattern)):
            try:
                stat = path.stat()
            except OSError:
                continue  # a link that is being swapped: it shows as a change now and again later
            files.append((str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(files)
