"""Every way that the desk needs is open and no other, over all pods of the namespace.

Strimzi's own pods are in no manifest: they stand here with the labels that Strimzi gives them, and
with the policies that its operator makes for them (KafkaCluster.generateNetworkPolicy, 1.2).
"""

from typing import Any

import pytest
from desk_contracts.topics import SERVICES

from tests.support.network_policies import (
    Address,
    Labels,
    Namespace,
    Place,
    Pod,
    Policy,
    is_allowed,
    isolating,
)

HOME = Namespace("desk")
# Of each overlay: where the brokers are, and how their cluster is called.
CLUSTERS = {"dev": (HOME, "desk"), "prod": (HOME, "desk")}
CLUSTERS["company-kafka"] = (Namespace("kafka"), "company")
API_SERVER, INTERNET, METADATA = Address("10.96.0.1"), Address("203.0.113.9"), "169.254.169.254"
PLACES: dict[str, Place] = {
    "dns": Pod(Namespace("kube-system"), {"k8s-app": "kube-dns"}),
    "dns-cache": Address("169.254.20.10"),
    "api-server": API_SERVER,
    "metadata": Address(METADATA),
    "metadata-v6": Address("fd00:ec2::254"),
    "internet": INTERNET,
    "internet-v6": Address("2001:db8::9"),
    "mail-relay-inside": Pod(Namespace("mail", {"experience-desk/mail-relay": "true"}), {}),
    "directory-inside": Pod(Namespace("people", {"experience-desk/directory": "true"}), {}),
    "sign-in-inside": Pod(Namespace("sso", {"experience-desk/sign-in": "true"}), {}),
    "store-inside": Pod(Namespace("mongodb"), {"app": "desk-mongodb-svc"}),
    "target": Pod(Namespace("erp", {"experience-desk/automation-target": "true"}), {}),
    "gateway": Pod(Namespace("gateway"), {}),
    "prometheus": Pod(Namespace("monitoring"), {}),
    "scraper": Pod(Namespace("observability"), {}),
    "keda": Pod(Namespace("keda"), {}),
    "team-reader": Pod(Namespace("reports", {"experience-desk/kafka-client": "true"}), {}),
    "stranger": Pod(Namespace("default"), {"app.kubernetes.io/component": "service"}),
    "unknown-here": Pod(HOME, {"app": "debug"}),
    "operator-elsewhere": Pod(Namespace("strimzi"), {"strimzi.io/kind": "cluster-operator"}),
    "operator-here": Pod(HOME, {"strimzi.io/kind": "cluster-operator"}),
}


def strimzi_pod(overlay: Any, name: str, kind: str = "Kafka") -> Pod:
    """A pod as Strimzi labels it."""
    home, cluster = CLUSTERS[overlay.name]
    own = {"strimzi.io/name": f"{cluster}-{name}", "strimzi.io/kind": kind}
    return Pod(home, {"strimzi.io/cluster": cluster, **own})


def place(overlay: Any, name: str) -> Place | None:
    """The pod or address that a row of the table means; None where this overlay has it not."""
    if name in {"broker", "entity-operator", "exporter"}:
        return strimzi_pod(
            overlay, {"broker": "kafka", "exporter": "kafka-exporter"}.get(name, name)
        )
    template = overlay.templates().get({"collector": "otel-collector"}.get(name, name))
    if template is None:
        return PLACES.get(name)
    containers = template["spec"]["containers"]
    ports = [port for item in containers for port in item.get("ports", ())]
    return Pod(
        HOME,
        template["metadata"]["labels"],
        {port["name"]: port["containerPort"] for port in ports},
    )


def policies(overlay: Any) -> list[Policy]:
    """The overlay's policies, and those that Strimzi makes for the brokers of its Kafka object."""
    home, cluster = CLUSTERS[overlay.name]
    made: list[Policy] = list(overlay.all("NetworkPolicy"))
    for kafka in overlay.all("Kafka"):
        own = {"podSelector": {"matchLabels": {"strimzi.io/cluster": cluster}}}
        operator = {"strimzi.io/kind": "cluster-operator"}
        anywhere = {"namespaceSelector": {}, "podSelector": {"matchLabels": operator}}
        rules = [{"ports": [{"port": 9090}, {"port": 9091}], "from": [own, anywhere]}]
        rules += [
            {"ports": [{"port": item["port"]}], "from": item.get("networkPolicyPeers", [])}
            for item in kafka["spec"]["kafka"]["listeners"]
        ]
        rules += [{"ports": [{"port": 9404}], "from": []}]
        brokers = {"strimzi.io/cluster": cluster, "strimzi.io/name": f"{cluster}-kafka"}
        spec = {"podSelector": {"matchLabels": brokers}, "ingress": rules}
        made.append({"metadata": {"name": "strimzi", "namespace": home.name}, "spec": spec})
    return made


def passes(overlay: Any, source: str, target: str, port: int, protocol: Any = "TCP") -> bool | None:
    """Whether the way is open; None where an end of it does not exist in this overlay."""
    ends = place(overlay, source), place(overlay, target)
    if ends[0] is None or ends[1] is None:
        return None
    return is_allowed(policies(overlay), ends[0], ends[1], port, protocol)


EVERY_SERVICE = [
    *(("dns", 53), ("dns-cache", 53), ("broker", 9093)),
    *(("store-inside", 27017), ("mongodb", 27017), ("internet", 27017), ("internet-v6", 27017)),
    *(("sign-in-inside", 8443), ("keycloak", 8080), ("internet", 443), ("internet-v6", 443)),
    ("collector", 4318),
]
MAILING = {"intake", "notify"}
REQUIRED: list[tuple[str, str, int]] = [
    *((service, *way) for service in SERVICES for way in EVERY_SERVICE),
    *(("notify", "internet", port) for port in (25, 465, 587)),
    *(("notify", "internet-v6", port) for port in (25, 465, 587)),
    *(("notify", "mail-relay-inside", port) for port in (25, 587, 1025)),
    *(("intake", "internet", port) for port in (25, 465, 587, 143, 993, 389, 636)),
    *(("intake", "internet-v6", port) for port in (587, 993, 636)),
    *(("intake", "mail-relay-inside", port) for port in (25, 587, 993)),
    *(("intake", "directory-inside", port) for port in (389, 1389)),
    ("automation", "target", 8080),
    *(("gateway", service, 8000) for service in SERVICES),
    ("gateway", "keycloak", 8080),
    *((source, service, 8000) for service in SERVICES for source in ("prometheus", "scraper")),
    *(("toolbox", service, 8000) for service in SERVICES),
    *((who, "dns", 53) for who in ("toolbox", "desk-audit", "desk-run-audit", "mongodb")),
    *((who, "dns-cache", 53) for who in ("toolbox", "desk-audit", "desk-run-audit", "mongodb")),
    *((who, "broker", 9093) for who in ("toolbox", "desk-audit", "keda", "team-reader")),
    ("desk-run-audit", "broker", 9093),
    *((who, "store-inside", 27017) for who in ("toolbox", "desk-audit")),
    *((who, "mongodb", 27017) for who in ("toolbox", "desk-audit")),
    ("prometheus", "collector", 8888),
    ("scraper", "collector", 8888),
    ("collector", "scraper", 4318),
    ("collector", "dns", 53),
    *(("broker", "broker", port) for port in (9090, 9091)),
    ("entity-operator", "broker", 9091),
    ("entity-operator", "api-server", 443),
    *(("exporter", target, port) for target, port in (("broker", 9091), ("dns", 53))),
    ("broker", "dns", 53),
    ("broker", "api-server", 6443),
    ("prometheus", "broker", 9404),
    ("prometheus", "exporter", 9404),
    *(("operator-elsewhere", "broker", port) for port in (9090, 9091)),
    *(("operator-here", target, port) for target, port in (("api-server", 443), ("dns", 53))),
    ("operator-here", "broker", 9091),
]  # fmt: skip
FORBIDDEN: list[tuple[str, str, int]] = [
    *((who, target, port)
      for who in (*SERVICES, "toolbox", "desk-audit", "desk-run-audit", "collector")
      for target in ("metadata", "metadata-v6") for port in (80, 443)),
    *((service, "internet", 80) for service in SERVICES),
    *((service, "internet", port) for service in SERVICES if service not in MAILING
      for port in (25, 587)),
    *((service, "mail-relay-inside", 25) for service in SERVICES if service not in MAILING),
    *((service, "internet", port) for service in SERVICES if service != "intake"
      for port in (389, 636, 993)),
    *((service, "directory-inside", 389) for service in SERVICES if service != "intake"),
    *((who, "intake", 8025) for who in ("gateway", "stranger", "unknown-here", "notify", "toolbox",
      "prometheus")),
    *(("mail-relay-inside", service, 8000) for service in SERVICES),
    *((service, "target", 8080) for service in SERVICES if service != "automation"),
    *((service, "intake", 8000) for service in SERVICES),
    *((who, service, 8000) for service in SERVICES for who in ("stranger", "unknown-here")),
    *(("broker", service, 8000) for service in SERVICES),
    *((who, "internet", 443) for who in ("toolbox", "desk-audit", "mongodb", "unknown-here")),
    *((who, "broker", 9093) for who in ("stranger", "unknown-here", "collector")),
    *((who, "mongodb", 27017) for who in ("stranger", "unknown-here", "broker", "gateway")),
    *((who, "collector", 4318) for who in ("stranger", "unknown-here")),
    *((service, "broker", 9091) for service in SERVICES),
    *(("desk-run-audit", target, port) for target, port in (("store-inside", 27017),
      ("mongodb", 27017), ("internet", 27017), ("internet", 443), ("automation", 8000))),
    ("unknown-here", "dns", 9999),
    ("keycloak", "internet", 443),
]  # fmt: skip


def test_every_way_that_the_desk_needs_is_open(overlay: Any) -> None:
    assert [way for way in REQUIRED if passes(overlay, *way) is False] == []


def test_no_other_way_is_open(overlay: Any) -> None:
    # What brokers of another namespace let in is that namespace's to say.
    ours = [way for way in FORBIDDEN if way[1] != "broker" or overlay.all("Kafka")]
    assert [way for way in ours if passes(overlay, *way)] == []


def test_mail_is_handed_over_by_the_mail_server_and_nobody_else(prod: Any) -> None:
    """Only where the component opens the port."""
    assert passes(prod, "mail-relay-inside", "intake", 8025)
    service = prod.named("Service", "intake-mail")["spec"]
    [port] = service["ports"]
    pod = place(prod, "intake")
    assert isinstance(pod, Pod)
    assert service["selector"].items() <= pod.labels.items()
    assert (port["port"], pod.ports[port["targetPort"]]) == (25, 8025)
    assert prod.environment("intake")["INTAKE_SMTP_PORT"] == "8025"


def test_names_are_asked_for_over_udp_too(overlay: Any) -> None:
    for name in overlay.templates():
        for target in ("dns", "dns-cache"):
            assert passes(overlay, name, target, 53, "UDP"), name


def test_every_end_of_the_table_exists_somewhere(dev: Any, prod: Any) -> None:
    ends = {end for way in (*REQUIRED, *FORBIDDEN) for end in way[:2]}
    assert {end for end in ends if place(dev, end) is None and place(prod, end) is None} == set()


def test_every_pod_of_ours_is_denied_what_is_not_named(overlay: Any) -> None:
    for name in overlay.templates():
        pod = place(overlay, name)
        assert isinstance(pod, Pod)
        for direction in ("ingress", "egress"):
            chosen = isolating(overlay.all("NetworkPolicy"), pod, direction)
            assert "deny-all" in {policy["metadata"]["name"] for policy in chosen}, name


@pytest.mark.parametrize(
    "labels",
    [
        {"strimzi.io/cluster": "desk", "strimzi.io/kind": "Kafka", "strimzi.io/name": "desk-kafka"},
        {
            "strimzi.io/cluster": "desk",
            "strimzi.io/kind": "Kafka",
            "app.kubernetes.io/name": "kafka",
        },
        {"name": "strimzi-cluster-operator", "strimzi.io/kind": "cluster-operator"},
    ],
    ids=["broker", "broker with common labels", "cluster operator"],
)
def test_no_policy_of_ours_selects_strimzis_pods(overlay: Any, labels: Labels) -> None:
    """A pod that any policy selects is cut off from all that no policy names."""
    for direction in ("ingress", "egress"):
        assert list(isolating(overlay.all("NetworkPolicy"), Pod(HOME, labels), direction)) == []


def test_no_rule_lets_everybody_in(overlay: Any) -> None:
    for policy in overlay.all("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", ()):
            assert rule.get("from"), policy["metadata"]["name"]
            assert all(peer for peer in rule["from"])


def test_traces_find_the_collector(prod: Any) -> None:
    address = prod.environment("intake")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    service = prod.named("Service", "otel-collector")["spec"]
    assert address == f"http://otel-collector:{service['ports'][0]['port']}"
