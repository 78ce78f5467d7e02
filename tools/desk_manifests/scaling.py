"""KEDA objects: each service grows with the lag of what it reads, never past what can help.

The traps of the Kafka trigger are closed here: a topic is always named, the reset policy is the
consumers' own, nothing scales to zero, replicas stay within partitions, and shrinking is slow
because every step is a rebalance.
"""

from collections.abc import Iterator
from typing import Final

from desk_contracts import names
from desk_contracts.topics import BY_NAME, PARTITIONS, SERVICES, Service

from desk_manifests.documents import Document
from desk_manifests.strimzi import CLUSTER

# What each service really subscribes to, by consumer group. A trigger for a
# topic that a group never commits would see its whole log as lag, so a test compares this with
# the services' own `main`.
SUBSCRIPTIONS: Final[dict[Service, dict[str, tuple[str, ...]]]] = {
    "intake": {
        "intake": (
            names.REQUESTS,
            names.TRIAGE,
            names.PROBLEMS,
            names.AUTOMATION,
            names.SLA,
        ),
        "intake.changes": (names.CHANGES,),
        "intake.people": (names.TICKETS, names.FEEDBACK),
    },
    "triage": {
        "triage": (names.TICKETS, names.CHANGES, names.SIGNALS, names.SLA),
        "triage.telemetry": (names.TELEMETRY,),
        "triage.repairs": (names.AUTOMATION,),
        "triage.register": (names.TROUBLE,),
    },
    "automation": {
        "automation": (names.SIGNALS,),
        "automation.changes": (names.CHANGES,),
        "automation.requests": (names.TICKETS,),
        "automation.telemetry": (names.TELEMETRY,),
        "automation.devices": (names.ACTION_RESULTS,),
        "automation.promotions": (names.AUTOMATION,),
    },
    "notify": {
        "notify": (
            names.TICKETS,
            names.FEEDBACK,
            names.SLA,
            names.PROBLEMS,
            names.AUTOMATION,
            names.SIGNALS,
            names.REPORTS,
        ),
    },
    "metrics": {
        "metrics": (
            names.TICKETS,
            names.AUTOMATION,
            names.SIGNALS,
            names.CHANGES,
            names.PROBLEMS,
            names.FEEDBACK,
        ),
        "metrics.figures": (names.CONTRIBUTIONS,),
    },
}
# Records waiting per replica. Telemetry comes in floods and is handled in large batches.
_LAG: Final = {names.TELEMETRY: 5000}
_LAG_OTHERWISE: Final = 500
# Two, so that a node may be drained; a service whose group is being rebalanced is not away long.
MINIMUM: Final = 2
# Only HTTP keeps intake busy without any lag to show for it.
_CPU_PERCENT: Final = "70"
_BOOTSTRAP: Final = f"{CLUSTER}-kafka-bootstrap.desk.svc:9093"


def render_scaled_objects() -> list[Document]:
    """A ScaledObject for each service."""
    return [_render_scaled_object(service) for service in SERVICES]


def _render_scaled_object(service: Service) -> Document:
    spec: Document = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service},
        "pollingInterval": 15,
        "minReplicaCount": MINIMUM,
        "maxReplicaCount": PARTITIONS,
        "fallback": {
            "failureThreshold": 4,
            "replicas": MINIMUM,
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior()}},
        "triggers": list(_triggers(service)),
    }
    metadata = {"name": service}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata,
        "spec": spec,
    }


def _behavior() -> Document:
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 60,
            "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 600,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 180}],
        },
    }


def _triggers(service: Service) -> Iterator[Document]:
    for group, topics in SUBSCRIPTIONS[service].items():
        # Of one partition only one replica reads, however many there are.
        for topic in (name for name in topics if BY_NAME[name].partitions > 1):
            yield {
                "type": "kafka",
                # Unique in its object: a topic may be read in several groups.
                "name": f"{topic}{group.removeprefix(service)}".replace(".", "-"),
                "metadata": _lag_of(group, topic),
                "authenticationRef": {"name": "kafka-lag"},
            }
    if service == "intake":
        yield {"type": "cpu", "metricType": "Utilization", "metadata": {"value": _CPU_PERCENT}}


def _lag_of(group: str, topic: str) -> dict[str, str]:
    return {
        "bootstrapServers": _BOOTSTRAP,
        "consumerGroup": group,
        "topic": topic,
        "lagThreshold": str(_LAG.get(topic, _LAG_OTHERWISE)),
        "offsetResetPolicy": "earliest",
        "sasl": "scram_sha512",
        "tls": "enable",
    }
