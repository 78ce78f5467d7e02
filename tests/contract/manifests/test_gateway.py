"""What comes in by the gateway: each service's interface under a name of its own, nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.topics import SERVICES
from desk_platform.http.principal import OPERATIONAL

DOCUMENTS = Path(__file__).parents[3] / "docs/openapi"


def is_let_in(route: dict[str, Any], path: str) -> bool:
    """Whether the route takes this path, as the Gateway API reads prefixes: whole segments."""
    for rule in route["spec"]["rules"]:
        for match in rule["matches"]:
            value = match["path"]["value"]
            if path == value:
                return True
            if match["path"]["type"] == "PathPrefix" and path.startswith(f"{value.rstrip('/')}/"):
                return True
    return False


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_reached_under_a_name_of_its_own(prod: Any, service: str) -> None:
    route, gateway = prod.named("HTTPRoute", service)["spec"], prod.named("Gateway", "desk")
    (listener,) = gateway["spec"]["listeners"]
    (parent,), (host,) = route["parentRefs"], route["hostnames"]
    assert (parent["name"], parent["sectionName"]) == ("desk", listener["name"])
    assert host == listener["hostname"].replace("*", service)
    assert listener["protocol"] == "HTTPS"
    (backend,) = route["rules"][0]["backendRefs"]
    ports = [port["port"] for port in prod.named("Service", service)["spec"]["ports"]]
    assert (backend["name"], [backend["port"]]) == (service, ports)


@pytest.mark.parametrize("path", sorted(DOCUMENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_published_path_is_let_in(prod: Any, path: Path) -> None:
    route = prod.named("HTTPRoute", path.stem)
    paths = json.loads(path.read_text(encoding="utf-8"))["paths"]
    assert [name for name in paths if not is_let_in(route, name)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_probes_and_figures_stay_inside(prod: Any, service: str) -> None:
    inside = {path for path in OPERATIONAL if path.startswith(("/health", "/metrics"))}
    assert inside
    route = prod.named("HTTPRoute", service)
    assert [path for path in (*inside, "/v1x", "/metrics/") if is_let_in(route, path)] == []
