"""Every container is restricted, probed, bounded and spread; stopping leaves time to drain."""

from typing import Any

import pytest
from desk_contracts.topics import SERVICES
from desk_platform.clock import SystemClock
from desk_platform.health import Health, health_router
from desk_platform.telemetry import metrics_router
from desk_testing.telemetry import record_telemetry
from fastapi import Request
from starlette.routing import Route

PROBES = {
    "startupProbe": "/health/startup",
    "livenessProbe": "/health/live",
    "readinessProbe": "/health/ready",
}
ALLOWED_VOLUMES = {"configMap", "secret", "emptyDir", "projected", "downwardAPI"}
WITHOUT_PRIVILEGE = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# Keycloak in its development mode builds itself into its own folders at each start.
WRITES_ITS_ROOT = {"keycloak"}


def test_every_pod_meets_the_restricted_standard_and_more(overlay: Any) -> None:
    for name, pod in overlay.pods().items():
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] > 0, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod), name
        for container in pod["containers"]:
            expected = WITHOUT_PRIVILEGE | {"readOnlyRootFilesystem": name not in WRITES_ITS_ROOT}
            assert container["securityContext"] == expected, name
        for volume in pod["volumes"]:
            assert set(volume) - {"name"} <= ALLOWED_VOLUMES, name


def test_the_namespace_enforces_it(overlay: Any) -> None:
    labels = overlay.named("Namespace", "desk")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"


def test_every_container_asks_for_what_it_needs_and_is_bounded(overlay: Any) -> None:
    for name, pod in overlay.pods().items():
        for container in pod["containers"]:
            requests, limits = (container["resources"][kind] for kind in ("requests", "limits"))
            assert set(requests) == {"cpu", "memory", "ephemeral-storage"}, name
            # No limit of CPU: throttling would show as lag.
            assert set(limits) == {"memory", "ephemeral-storage"}, name


def test_who_goes_first_when_nodes_are_full_is_said_and_hands_come_last(overlay: Any) -> None:
    value = {item["metadata"]["name"]: item["value"] for item in overlay.all("PriorityClass")}
    given = {name: value[pod["priorityClassName"]] for name, pod in overlay.pods().items()}
    assert min(given[service] for service in SERVICES) > max(
        given[hand] for hand in ("toolbox", "desk-audit", "desk-run-audit")
    )


def test_the_quota_has_room_for_every_service_at_its_most(prod: Any) -> None:
    (quota,) = prod.all("ResourceQuota")
    hard = quota["spec"]["hard"]
    most = {
        item["metadata"]["name"]: item["spec"]["maxReplicaCount"]
        for item in prod.all("ScaledObject")
    }
    for resource in (
        "requests.memory",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
    ):
        kind, _, name = resource.partition(".")
        # One pod of each more, while a new version is rolled out.
        needed = sum(
            (most.get(pod, 0) + 1) * amount(container["resources"][kind][name])
            for pod, spec in prod.pods().items()
            for container in spec["containers"]
        )
        assert needed <= amount(hard[resource]), resource
    assert sum(most.values()) + 2 * len(prod.pods()) <= int(hard["pods"])


def amount(text: str) -> float:
    """A quantity of Kubernetes in cores or bytes."""
    units = {"m": 0.001, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    unit = next((unit for unit in units if text.endswith(unit)), "")
    return float(text.removesuffix(unit)) * units.get(unit, 1)


async def is_operator(_: Request) -> bool:
    return False


def test_probes_ask_what_services_answer_at_the_port_they_listen_on(overlay: Any) -> None:
    answered = {
        route.path
        for route in health_router(Health(SystemClock()), is_operator).routes
        if isinstance(route, Route)
    }
    assert set(PROBES.values()) <= answered
    for name, pod in overlay.services().items():
        container = pod["containers"][0]
        assert {probe: container[probe]["httpGet"]["path"] for probe in PROBES} == PROBES
        assert {container[probe]["httpGet"]["port"] for probe in PROBES} == {"http"}
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        variables = overlay.environment(name)
        listening = {
            kind: int(variables[variable])
            for kind in ("http", "smtp")
            if (variable := f"{name.upper()}_{kind.upper()}_PORT") in variables and kind in ports
        }
        assert ports == listening


def test_prometheus_asks_where_services_answer(prod: Any) -> None:
    endpoint = prod.named("ServiceMonitor", "experience-desk")["spec"]["endpoints"][0]
    routes = metrics_router(record_telemetry().telemetry).routes
    assert endpoint["path"] in {route.path for route in routes if isinstance(route, Route)}


def test_a_pod_has_longer_to_stop_than_the_service_takes(overlay: Any) -> None:
    for name, pod in overlay.services().items():
        grace = float(overlay.environment(name)["DESK_SHUTDOWN_GRACE"])
        before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] > before + grace, name


def test_pods_of_one_service_are_spread_over_zones_and_nodes(overlay: Any) -> None:
    for name, pod in overlay.services().items():
        spread = pod["topologySpreadConstraints"]
        assert {item["topologyKey"] for item in spread} == {
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        }
        for item in spread:
            chosen = item["labelSelector"]["matchLabels"]
            assert chosen["app.kubernetes.io/name"] == name
            # Kubernetes refuses a key that stands in both.
            assert not set(chosen) & set(item["matchLabelKeys"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_own_account_address_and_budget(overlay: Any, service: str) -> None:
    labels = overlay.named("Deployment", service)["spec"]["template"]["metadata"]["labels"]
    selector = overlay.named("Service", service)["spec"]["selector"]
    budget = overlay.named("PodDisruptionBudget", service)["spec"]
    assert overlay.services()[service]["serviceAccountName"] == service
    assert overlay.named("ServiceAccount", service)["automountServiceAccountToken"] is False
    assert selector.items() <= labels.items()
    assert selector["app.kubernetes.io/name"] == service
    assert budget["selector"]["matchLabels"] == selector
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_production_runs_at_least_two_and_leaves_counting_to_the_autoscaler(prod: Any) -> None:
    for service in SERVICES:
        assert "replicas" not in prod.named("Deployment", service)["spec"]
        scaled = prod.named("ScaledObject", service)["spec"]
        assert scaled["scaleTargetRef"]["name"] == service
        assert scaled["minReplicaCount"] >= 2


def test_development_runs_one_of_each(dev: Any) -> None:
    assert {dev.named("Deployment", service)["spec"]["replicas"] for service in SERVICES} == {1}


def test_no_image_floats(overlay: Any) -> None:
    for pod in overlay.pods().values():
        for container in pod["containers"]:
            _, _, tag = container["image"].rpartition(":")
            assert tag not in {"", "latest"}
            assert "/" not in tag, container["image"]
