"""Every name telemetry uses, in one place: OpenTelemetry semantic conventions 1.44 and our own.

Attribute names of messaging and HTTP are the current ones (`messaging.operation.type`, not the
retired `messaging.operation`). No ticket, person or device is ever an attribute of a metric.
"""

from typing import Final

# Resource
SERVICE_NAME: Final = "service.name"
SERVICE_VERSION: Final = "service.version"
INSTANCE: Final = "service.instance.id"
DEPLOYMENT: Final = "deployment.environment.name"

# Messaging attributes
SYSTEM: Final = "messaging.system"
KAFKA: Final = "kafka"
OPERATION_NAME: Final = "messaging.operation.name"
OPERATION_TYPE: Final = "messaging.operation.type"
DESTINATION: Final = "messaging.destination.name"
PARTITION: Final = "messaging.destination.partition.id"
GROUP: Final = "messaging.consumer.group.name"
BATCH_COUNT: Final = "messaging.batch.message_count"
MESSAGE_ID: Final = "messaging.message.id"
OFFSET: Final = "messaging.kafka.offset"
ERROR_TYPE: Final = "error.type"

# The operations on the bus: span name is "<operation> <destination>"
SEND: Final = "send"
PROCESS: Final = "process"
COMMIT: Final = "commit"
OPERATION_TYPES: Final = {SEND: "send", PROCESS: "process", COMMIT: "settle"}

# CloudEvents attributes of spans
EVENT_ID: Final = "cloudevents.event_id"
EVENT_SOURCE: Final = "cloudevents.event_source"
EVENT_TYPE: Final = "cloudevents.event_type"
EVENT_SUBJECT: Final = "cloudevents.event_subject"

# HTTP attributes
HTTP_METHOD: Final = "http.request.method"
HTTP_STATUS: Final = "http.response.status_code"
HTTP_ROUTE: Final = "http.route"
URL_SCHEME: Final = "url.scheme"
URL_PATH: Final = "url.path"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"

# Attributes of the store: span name is "<operation> <collection>"
DB_SYSTEM: Final = "db.system.name"
DB_OPERATION: Final = "db.operation.name"
DB_COLLECTION: Final = "db.collection.name"

# Attributes of the process
CPU_MODE: Final = "cpu.mode"

# Metrics by the conventions
OPERATION_DURATION: Final = "messaging.client.operation.duration"
SENT_MESSAGES: Final = "messaging.client.sent.messages"
CONSUMED_MESSAGES: Final = "messaging.client.consumed.messages"
PROCESS_DURATION: Final = "messaging.process.duration"
HTTP_DURATION: Final = "http.server.request.duration"
HTTP_CLIENT_DURATION: Final = "http.client.request.duration"
STORE_DURATION: Final = "db.client.operation.duration"
CPU_TIME: Final = "process.cpu.time"
MEMORY_USAGE: Final = "process.memory.usage"
OPEN_FILES: Final = "process.unix.file_descriptor.count"
UPTIME: Final = "process.uptime"

# Metrics of the desk
CONSUMER_LAG: Final = "desk.consumer.lag"
EVENT_LAG: Final = "desk.event.lag"
DEAD_LETTERS: Final = "desk.dead.letters"
RETRIES: Final = "desk.retries"
GUARD_CONFLICTS: Final = "desk.guard.conflicts"
OUTBOX_PENDING: Final = "desk.outbox.pending"
TIMER_LATENESS: Final = "desk.timer.lateness"
TIMER_WAITING: Final = "desk.timer.waiting"
INTEGRITY_GAPS: Final = "desk.integrity.gaps"
DOCUMENT_FAILURES: Final = "desk.document.failures"
DOCUMENTS_HELD: Final = "desk.documents.held"
LOOP_FAILURES: Final = "desk.loop.failures"
UNHANDLED: Final = "desk.unheeded"
CONSUMERS_STOPPED: Final = "desk.consumer.stopped"
TOPICS_REPLACED: Final = "desk.topics.replaced"
LOOP_LAG: Final = "desk.loop.lag"
BUILD_INFO: Final = "desk.build.info"
ROUTED: Final = "desk.triage.routed"
PREDICTED: Final = "desk.triage.predicted"
DRIFTED: Final = "desk.triage.model.drifted"
DELIVERIES: Final = "desk.deliveries"
WAY_TO_TEAM: Final = "desk.ticket.way_to_team"
OUTBOX_AGE: Final = "desk.outbox.age"

# Health, looked up when figures are asked for
DEPENDENCY_UP: Final = "desk.dependency.up"
DEPENDENCY_LAST_OK: Final = "desk.dependency.last_ok"
READY: Final = "desk.health.ready"
LAG_AGE: Final = "desk.consumer.lag.age"
LAST_FETCH: Final = "desk.consumer.last_fetch"
LAST_POLL: Final = "desk.consumer.last_poll"
CHARTER: Final = "desk.charter.info"
CHARTER_REFUSED: Final = "desk.charter.refused"
CERTIFICATE_EXPIRES: Final = "desk.certificate.expires"

# Attributes of the desk's metrics and spans
CERTIFICATE: Final = "desk.certificate"
REASON: Final = "desk.reason"
TEAM: Final = "desk.team"
MODEL: Final = "desk.model.version"
RUN: Final = "desk.run"
STEP: Final = "desk.step"
EXECUTOR: Final = "desk.executor"
CHANNEL: Final = "desk.channel"
STATE: Final = "desk.state"
COLLECTION: Final = "desk.collection"
LOOP: Final = "desk.loop"
TIMER_KIND: Final = "desk.timer.kind"
DEPENDENCY: Final = "desk.dependency"
CHARTER_VERSION: Final = "desk.charter.version"

# Seconds, as the conventions advise for HTTP and messaging.
DURATION_BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip
# Seconds, as the conventions advise for databases.
STORE_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
# Seconds that a turn of the event loop comes late.
LOOP_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Seconds from a ticket's opening to its team: the service level is at 10.
WAY_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
# Seconds between what happened and our reading it; events come hours late, so it goes further.
LAG_BUCKETS: Final = (
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0,
)  # fmt: skip
