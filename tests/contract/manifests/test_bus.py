"""Rights and scaling against what the services really subscribe to, taken from their own tables."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from desk_charter import load_charter
from desk_contracts import names
from desk_contracts.topics import BY_NAME, DEAD, RETRY, SERVICES, Service, team_topic
from desk_manifests import SUBSCRIPTIONS, all_users, differences, files

ROOT = Path(__file__).parents[3]
CHARTER = Path("charter")

# In a process of its own: building five services leaves clients and log settings behind.
BUILD = """
import asyncio, importlib, json, pathlib, sys
from desk_platform.builder import assemble

async def subscriptions(name):
    table = importlib.import_module(f"desk_{name}.service").SERVICE
    settings = table.settings(environment="local", charter=pathlib.Path("charter"))
    consumers = [consumer for _, consumer in assemble(table, settings).consumers]
    return {one.group: [topic.name for topic in one._subscriber.topics] for one in consumers}

async def main():
    print(json.dumps({name: await subscriptions(name) for name in sys.argv[1:]}))

asyncio.run(main())
"""


@cache
def subscriptions() -> dict[Service, dict[str, list[str]]]:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, *SERVICES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    by_service: dict[Service, dict[str, list[str]]] = json.loads(done.stdout.splitlines()[-1])
    return by_service


@pytest.mark.timeout(360)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_do_all_that_its_subscriptions_need(service: Service) -> None:
    teams = [team.name for team in load_charter(ROOT / CHARTER).teams]
    user = next(item for item in all_users(teams) if item.name == f"desk-{service}")
    assert subscriptions()[service]
    for group, topics in subscriptions()[service].items():
        assert user.may("Read", "group", group), group
        for topic in topics:
            assert user.may("Read", "topic", topic), topic
            origin = topic.removesuffix(f".{service}{RETRY}")
            assert user.may("Write", "topic", f"{origin}.{service}{RETRY}"), topic
            assert user.may("Write", "topic", f"{origin}.{service}{DEAD}"), topic


@pytest.mark.timeout(360)
@pytest.mark.parametrize("service", SERVICES)
def test_scaling_follows_exactly_what_the_service_subscribes_to(service: Service) -> None:
    """Change SUBSCRIPTIONS in desk_manifests/scaling.py and write the manifests again."""
    real = {
        group: tuple(sorted(topic for topic in topics if topic in BY_NAME))
        for group, topics in subscriptions()[service].items()
    }
    declared = {group: tuple(sorted(topics)) for group, topics in SUBSCRIPTIONS[service].items()}
    assert declared == {group: topics for group, topics in real.items() if topics}


def test_generated_files_are_what_the_code_and_the_charter_say() -> None:
    """Run `python -m desk_manifests write` and commit what it wrote."""
    wanted = files(load_charter(ROOT / CHARTER), ROOT, CHARTER)
    assert list(differences(ROOT, wanted)) == []


def test_every_overlay_brings_every_topic_and_user(overlay: Any) -> None:
    charter = load_charter(ROOT / CHARTER)
    teams = [team.name for team in charter.teams]
    topics = {item["metadata"]["name"] for item in overlay.all("KafkaTopic")}
    assert {*BY_NAME, team_topic(teams[0]), team_topic(names.PEOPLE)} <= topics
    assert {item["metadata"]["name"] for item in overlay.all("KafkaUser")} == {
        user.name for user in all_users(teams, charter.sources)
    }


def test_production_keeps_three_copies_and_needs_two(prod: Any) -> None:
    for topic in prod.all("KafkaTopic"):
        spec = topic["spec"]
        assert (spec["replicas"], spec["config"]["min.insync.replicas"]) == (3, "2")


def test_development_has_as_many_partitions_as_production(dev: Any, prod: Any) -> None:
    """More would spread keys in another way, fewer would hide what many partitions do."""

    def partitions(overlay: Any) -> dict[str, int]:
        topics = overlay.all("KafkaTopic")
        return {item["metadata"]["name"]: item["spec"]["partitions"] for item in topics}

    assert partitions(dev) == partitions(prod)


def test_no_two_brokers_are_on_one_node_and_copies_are_spread_over_zones(cluster: Any) -> None:
    pod = cluster.named("KafkaNodePool", "both")["spec"]["template"]["pod"]
    spread = {item["topologyKey"]: item for item in pod["topologySpreadConstraints"]}
    assert spread["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"
    assert "topology.kubernetes.io/zone" in spread
    for item in spread.values():
        # Brokers alone: the operators' and the exporter's pods have the same kind and cluster.
        assert item["labelSelector"]["matchLabels"]["strimzi.io/name"] == "desk-kafka"
    kafka = cluster.named("Kafka", "desk")["spec"]["kafka"]
    assert kafka["rack"] == {"topologyKey": "topology.kubernetes.io/zone"}


def test_whoever_signs_in_has_quotas_and_strangers_the_least(cluster: Any) -> None:
    fallback = cluster.named("Kafka", "desk")["spec"]["kafka"]["quotas"]
    assert fallback["type"] == "kafka"
    for user in cluster.all("KafkaUser"):
        for name, value in user["spec"]["quotas"].items():
            assert value > 0
            if user["metadata"]["name"].removeprefix("desk-") in SERVICES:
                assert value > fallback[name]


def test_lags_and_brokers_are_measured(cluster: Any, prod: Any) -> None:
    spec = cluster.named("Kafka", "desk")["spec"]
    pattern, groups = spec["kafkaExporter"]["topicRegex"], spec["kafkaExporter"]["groupRegex"]
    assert all(re.fullmatch(pattern, name) for name in BY_NAME)
    assert re.fullmatch(groups, "metrics.figures")
    assert spec["kafka"]["metricsConfig"] == {"type": "strimziMetricsReporter"}
    scraped = prod.named("PodMonitor", "kafka")["spec"]
    assert scraped["selector"]["matchLabels"] == {"strimzi.io/cluster": "desk"}


def test_clients_outside_the_cluster_sign_in_as_those_inside(cluster: Any) -> None:
    inside, outside = cluster.named("Kafka", "desk")["spec"]["kafka"]["listeners"]
    assert (outside["type"], outside["tls"]) == ("loadbalancer", True)
    assert outside["authentication"] == inside["authentication"]
    assert outside["port"] != inside["port"]


def test_the_companys_cluster_gets_topics_users_and_visitors(company: Any, prod: Any) -> None:
    """Everything that names the cluster names the company's, and nothing names the desk's."""
    for kind in ("KafkaTopic", "KafkaUser"):
        assert len(company.all(kind)) == len(prod.all(kind))
        for item in company.all(kind):
            assert item["metadata"]["labels"]["strimzi.io/cluster"] == "company"
            assert item["metadata"]["namespace"] == "kafka"
    address = company.environment("intake")["DESK_KAFKA"]
    for scaled in company.all("ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            assert trigger["metadata"].get("bootstrapServers", address) == address
    assert address != prod.environment("intake")["DESK_KAFKA"]
    assert "desk-kafka-bootstrap" not in json.dumps(company.objects)


def test_passwords_come_over_from_the_companys_namespace(company: Any) -> None:
    needed = {f"desk-{name}" for name in (*SERVICES, "operator", "autoscaler")}
    copied = {
        item["spec"]["target"]["name"]
        for item in company.all("ExternalSecret")
        if item["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": "company-kafka"}
    }
    assert copied == {*needed, "desk-cluster-ca-cert"}
    (rule,) = company.named("Role", "desk-kafka-credentials")["rules"]
    assert set(rule["resourceNames"]) == {*needed, "company-cluster-ca-cert"}
    assert rule["verbs"] == ["get"]


def test_the_cluster_enforces_the_rights(dev: Any) -> None:
    kafka = dev.named("Kafka", "desk")["spec"]["kafka"]
    assert kafka["authorization"] == {"type": "simple"}
    assert kafka["config"]["auto.create.topics.enable"] is False
    assert all(listener["tls"] and "authentication" in listener for listener in kafka["listeners"])
