"""The counts that belong to a register's recent reports, kept beside it so that none is made anew.

What is kept can always be made from the register itself, so it decides nothing.
"""

from datetime import timedelta

from desk_triage.problems.bursts import count_report
from desk_triage.problems.model import Report
from desk_triage.problems.window import Window


class Counts:
    """The window of the register that was decided for last; one register lives in a process."""

    def __init__(self) -> None:
        self._of: tuple[tuple[Report, ...], timedelta] | None = None
        self._window: Window | None = None

    def take(self, recent: tuple[Report, ...], length: timedelta) -> Window:
        """The window of these reports. It is kept again only by `keep`, once it was changed."""
        window = self._window if self._of is not None and self._of[0] is recent else None
        if window is None or self._of is None or self._of[1] != length:
            window = Window(length)
            for report in recent:
                window.add(count_report(report))
        self._of = self._window = None
        return window

    def keep(self, recent: tuple[Report, ...], length: timedelta, window: Window) -> None:
        """That this is the window of these reports now."""
        self._of, self._window = (recent, length), window
