"""Files whose bytes were put away: remembered until it is known whether a ticket names them.

They stand in a fixed number of lists, so that nothing is left of them once they are settled.
"""

from datetime import datetime

from desk_contracts.frozen import Frozen


class Upload(Frozen):
    """One file, and the tickets that may come to name it."""

    id: str
    tickets: tuple[str, ...]
    at: datetime
    """When its bytes were put away last."""
    is_examined: bool = False
    """Its time is over: it is put away for no call until it is known whether a ticket names it."""


class UploadList(Frozen):
    """Files of which it is not settled yet whether a ticket names them, the oldest first."""

    uploads: tuple[Upload, ...] = ()
