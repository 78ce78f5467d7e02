"""Storage: versioned documents with their outbox, and leases; one module knows the driver."""

from desk_shared.store.document import Origin, Stored, Unreadable
from desk_shared.store.documents import Documents, MongoDocuments, Schema
from desk_shared.store.driver import Store
from desk_shared.store.listing import Listed
from desk_shared.store.pages import readable

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
