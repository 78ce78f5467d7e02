"""The bus: one consumer rule, one publisher, retries, dead letters, relay and timers."""

from desk_platform.kafka.batch_processor import BatchHandler, BatchProcessor
from desk_platform.kafka.command_queue import CommandQueue
from desk_platform.kafka.producer import KafkaPublisher, Publisher, Unpublished
from desk_platform.kafka.records import Received
from desk_platform.kafka.unit_of_work import Cause, Projection, UnitOfWork, WorkItem

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
