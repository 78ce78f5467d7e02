"""The bus: one consumer rule, one publisher, retries, dead letters, relay and timers."""

from desk_shared.bus.batch_processor import BatchHandler, BatchProcessor
from desk_shared.bus.command_queue import CommandQueue
from desk_shared.bus.producer import KafkaPublisher, Publisher, Unpublished
from desk_shared.bus.records import Received
from desk_shared.bus.unit_of_work import Cause, Projection, UnitOfWork, WorkItem

__all__ = [
    "BatchHandler",
    "BatchProcessor",
    "Cause",
    "CommandQueue",
    "KafkaPublisher",
    "Projection",
    "Publisher",
    "Received",
    "UnitOfWork",
    "Unpublished",
    "WorkItem",
]
