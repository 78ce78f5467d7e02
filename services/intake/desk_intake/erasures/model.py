"""One erasure as it was asked for. It names nobody but who asked."""

from datetime import datetime

from desk_contracts.frozen import Frozen


class ErasureRequest(Frozen):
    """What intake keeps of it: enough to answer the same call again."""

    id: str
    fingerprint: str
    at: datetime
    pseudonym: str
    tickets: int
    by: str
    reason: str
