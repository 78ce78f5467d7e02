"""Storage: versioned documents with their outbox, leases, positions; MongoDB or SQLite."""

from desk_platform.store.document import Origin, Stored, Unreadable
from desk_platform.store.documents import Documents, Schema
from desk_platform.store.listings import Listed
from desk_platform.store.pages import readable
from desk_platform.store.store import Store, open_existing_store, open_store

__all__ = [
    "Documents",
    "Listed",
    "Origin",
    "Schema",
    "Store",
    "Stored",
    "Unreadable",
    "open_existing_store",
    "open_store",
    "readable",
]
