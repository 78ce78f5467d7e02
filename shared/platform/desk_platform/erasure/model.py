"""That this store has carried out an erasure: a store put back from before does not say so."""

from datetime import datetime

from desk_contracts.frozen import Frozen

from desk_platform.store.documents import Schema


class ErasedHere(Frozen):
    """When one erasure was carried out in this store, and what it changed."""

    at: datetime
    documents: int
    files: int


ERASED_HERE = Schema("erased_here", ErasedHere, kept="one for each erasure, always")
