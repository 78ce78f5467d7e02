"""The bus: one consumer rule, one publisher, retries, dead letters, relay and timers."""

from desk_shared.bus.commands import Commands
from desk_shared.bus.folding import BatchHandler, Folding
from desk_shared.bus.ledger import Cause, Fold, Ledger, Task
from desk_shared.bus.producer import KafkaPublisher, Publisher, Unpublished
from desk_shared.bus.records import Received

__all__ = [
    "BatchHandler",
    "Cause",
    "Commands",
    "Fold",
    "Folding",
    "KafkaPublisher",
    "Ledger",
    "Publisher",
    "Received",
    "Task",
    "Unpublished",
]
