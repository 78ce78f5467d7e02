"""Storage: versioned documents with their outbox, and leases; one module knows the driver."""

from desk_platform.store.document import Origin, Stored, Unreadable
from desk_platform.store.documents import Documents, MongoDocuments, Schema
from desk_platform.store.driver import Store
from desk_platform.store.listings import Listed
from desk_platform.store.pages import readable

__all__ = [
    "Documents",
    "Listed",
    "MongoDocuments",
    "Origin",
    "Schema",
    "Store",
    "Stored",
    "Unreadable",
    "readable",
]
