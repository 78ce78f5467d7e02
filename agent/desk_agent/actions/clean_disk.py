"""Removes old files of declared folders. Follows no link, and never leaves the folder."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from desk_contracts.message import Message, message

from desk_agent.actions.port import Effect, Performed, Texts
from desk_agent.config import CleanFolder

_MOST_FOLDERS_DEEP = 64


class CleanDisk:
    """Parameters: `folder`, and `older_than` in seconds where it shall be more than declared."""

    def __init__(self, folders: Mapping[str, CleanFolder], now: Callable[[], datetime]) -> None:
        self._folders, self._now = folders, now

    @property
    def targets(self) -> str:
        return ", ".join(sorted(self._folders))

    def check(self, parameters: Texts) -> Message | None:
        """The folder is declared, and nothing younger than declared is touched."""
        folder = self._folders.get(parameters.get("folder", ""))
        if folder is None:
            return message("device.not-declared", what=parameters.get("folder", ""))
        if not folder.path.is_dir():
            return message("device.not-there", what=str(folder.path))
        if parameters.keys() - {"folder", "older_than"}:
            return message("device.unknown-parameter")
        age = parameters.get("older_than", "")
        if age and (not age.isdecimal() or int(age) < folder.older_than.total_seconds()):
            return message("device.too-young", least=folder.older_than)
        return None

    def observe(self, parameters: Texts) -> Texts:
        """Which files are old is settled before, so that a second try removes no others. By the
        earlier of two clocks: one that runs ahead makes no file old."""
        folder = self._folders[parameters["folder"]]
        age = float(parameters.get("older_than") or folder.older_than.total_seconds())
        now = min(time.time(), self._now().timestamp())
        return {"cutoff": repr(now - age)}

    def perform(self, parameters: Texts, baseline: Texts) -> Performed:
        """What cannot be removed is counted, and the rest is removed all the same."""
        removed = freed = failed = 0
        try:
            for folder, name, size in self._old_files(parameters, baseline):
                try:
                    os.unlink(name, dir_fd=folder)
                except OSError:
                    failed += 1
                else:
                    removed, freed = removed + 1, freed + size
        except (
            OSError
        ):  # the folder is gone, or no longer ours to read: before anything was removed
            path = self._folders[parameters["folder"]].path
            return Performed(Effect.NO, message("device.not-there", what=str(path)))
        details = {"removed": str(removed), "freed_bytes": str(freed), "failed": str(failed)}
        if failed and not removed:
            return Performed(Effect.NO, message("device.cleaned-nothing", count=failed), details)
        return Performed(Effect.YES, message("device.cleaned", count=removed, freed=freed), details)

    def probe(self, parameters: Texts, baseline: Texts) -> Effect:
        """Done if nothing old is left; else it may be done again, since it removes the same."""
        try:
            return Effect.NO if any(self._old_files(parameters, baseline)) else Effect.YES
        except OSError:  # nobody can look
            return Effect.UNKNOWN

    def _old_files(self, parameters: Texts, baseline: Texts) -> Iterator[tuple[int, str, int]]:
        """Each with its open folder: what is swapped for a link meanwhile leads nowhere."""
        root = self._folders[parameters["folder"]].path
        cutoff = float(baseline["cutoff"])
        device = None
        for path, _, names, opened in os.fwalk(root, follow_symlinks=False):
            here = os.fstat(opened)
            device = here.st_dev if device is None else device
            if here.st_dev != device or path.count(os.sep) > _MOST_FOLDERS_DEEP:
                continue
            for name in names:
                try:
                    entry = os.stat(name, dir_fd=opened, follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(entry.st_mode) and entry.st_mtime < cutoff:
                    yield opened, name, entry.st_size
