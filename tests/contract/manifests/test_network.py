"""Nothing may talk unless it is named, and what the services need is named."""

from typing import Any

import pytest
from desk_contracts.topics import SERVICES

Policy = dict[str, Any]


def fits(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    expressions = selector.get("matchExpressions", ())
    assert all(expression["operator"] == "DoesNotExist" for expression in expressions)
    absent = all(expression["key"] not in labels for expression in expressions)
    return absent and selector.get("matchLabels", {}).items() <= labels.items()


def policies(overlay: Any, service: str) -> dict[str, Policy]:
    pod = overlay.named("Deployment", service)["spec"]["template"]["metadata"]["labels"]
    return {
        item["metadata"]["name"]: item["spec"]
        for item in overlay.all("NetworkPolicy")
        if fits(item["spec"]["podSelector"], pod)
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_pod_is_denied_everything_that_is_not_named(overlay: Any, service: str) -> None:
    deny = policies(overlay, service)["deny-all"]
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert not {"ingress", "egress"} & set(deny)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_names_brokers_store_and_sign_in(overlay: Any, service: str) -> None:
    by_name = policies(overlay, service)
    ports = {
        port["port"]
        for policy in by_name.values()
        for rule in policy.get("egress", ())
        for port in rule.get("ports", ())
    }
    kafka = int(overlay.environment(service)["DESK_KAFKA"].rpartition(":")[2])
    assert {53, kafka, 27017, 443} <= ports
    assert (587 in ports) == (service == "notify")
    assert ("automation-to-targets" in by_name) == (service == "automation")


def test_no_rule_lets_everybody_in(overlay: Any) -> None:
    for policy in overlay.all("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", ()):
            assert rule.get("from"), policy["metadata"]["name"]
            assert all(peer for peer in rule["from"])


def test_no_rule_opens_the_nodes_metadata(overlay: Any) -> None:
    for policy in overlay.all("NetworkPolicy"):
        for rule in policy["spec"].get("egress", ()):
            for peer in rule["to"]:
                if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0":
                    assert "169.254.0.0/16" in peer["ipBlock"]["except"]


def test_traces_find_the_collector(prod: Any) -> None:
    labels = prod.named("Deployment", "otel-collector")["spec"]["template"]["metadata"]["labels"]
    ways = {
        item["metadata"]["name"]
        for item in prod.all("NetworkPolicy")
        if fits(item["spec"]["podSelector"], labels)
    }
    assert ways >= {"deny-all", "to-dns", "from-services-to-collector", "collector-to-backend"}
    address = prod.environment("intake")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    service = prod.named("Service", "otel-collector")["spec"]
    assert address == f"http://otel-collector:{service['ports'][0]['port']}"
