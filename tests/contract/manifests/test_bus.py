"""Rights and scaling against what the services really subscribe to, taken from their own tables."""

import json
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
from desk_platform.kafka.consumer import Consumer

async def subscriptions(name):
    table = importlib.import_module(f"desk_{name}.service").SERVICE
    settings = table.settings(environment="local", charter=pathlib.Path("charter"))
    parts = [part for _, part in assemble(table, settings).lifetimes]
    consumers = [part for part in parts if isinstance(part, Consumer)]
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


def test_the_cluster_enforces_the_rights(dev: Any) -> None:
    kafka = dev.named("Kafka", "desk")["spec"]["kafka"]
    assert kafka["authorization"] == {"type": "simple"}
    assert kafka["config"]["auto.create.topics.enable"] is False
    assert all(listener["tls"] and "authentication" in listener for listener in kafka["listeners"])
