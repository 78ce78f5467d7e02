"""The evaluator of policies against the examples of the Kubernetes reference."""

from typing import Any

import pytest

from tests.support.network_policies import Address, Namespace, Place, Pod, is_allowed

HOME, OTHER = Namespace("home"), Namespace("other", {"user": "alice"})
DB = Pod(HOME, {"role": "db"}, {"redis": 6379})
FRONT = Pod(HOME, {"role": "front"})
AWAY_FRONT, AWAY_DB = Pod(OTHER, {"role": "front"}), Pod(OTHER, {"role": "db"})
ALL_OF_ALICE = {"namespaceSelector": {"matchLabels": {"user": "alice"}}}
FRONTS = {"podSelector": {"matchLabels": {"role": "front"}}}
BLOCK = {"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}}


def policy(spec: dict[str, Any]) -> dict[str, Any]:
    chosen = {"podSelector": {"matchLabels": {"role": "db"}}}
    return {"metadata": {"name": "p", "namespace": "home"}, "spec": chosen | spec}


def ingress(*peers: dict[str, Any], **port: Any) -> dict[str, Any]:
    return policy({"ingress": [{"from": list(peers), **({"ports": [port]} if port else {})}]})


@pytest.mark.parametrize(
    ("policies", "source", "target", "port", "allowed"),
    [
        pytest.param([], FRONT, DB, 6379, True, id="no policy, all allowed"),
        pytest.param([policy({})], FRONT, DB, 6379, False, id="selected and nothing named"),
        pytest.param([policy({})], DB, FRONT, 80, True, id="ingress rules leave egress open"),
        pytest.param([policy({})], FRONT, AWAY_DB, 80, True, id="only its own namespace"),
        pytest.param([ingress()], AWAY_FRONT, DB, 1, True, id="an empty list of peers is all"),
        pytest.param([ingress(FRONTS)], FRONT, DB, 1, True, id="a pod of the same namespace"),
        pytest.param([ingress(FRONTS)], AWAY_FRONT, DB, 1, False, id="not of another one"),
        pytest.param([ingress(ALL_OF_ALICE)], AWAY_DB, DB, 1, True, id="any pod of a namespace"),
        pytest.param([ingress(ALL_OF_ALICE | FRONTS)], AWAY_DB, DB, 1, False, id="both must fit"),
        pytest.param([ingress(ALL_OF_ALICE, FRONTS)], FRONT, DB, 1, True, id="one of two fits"),
        pytest.param([ingress(FRONTS, port=6379)], FRONT, DB, 6380, False, id="another port"),
        pytest.param([ingress(FRONTS, port=1, endPort=9)], FRONT, DB, 9, True, id="range of ports"),
        pytest.param([ingress(FRONTS, port="redis")], FRONT, DB, 6379, True, id="port by name"),
        pytest.param([ingress(FRONTS, port="http")], FRONT, DB, 80, False, id="name it has not"),
        pytest.param(
            [ingress(FRONTS, port=6379, protocol="UDP")], FRONT, DB, 6379, False, id="protocol"
        ),
        pytest.param([ingress(BLOCK)], Address("172.17.0.9"), DB, 1, True, id="in a block"),
        pytest.param([ingress(BLOCK)], Address("172.17.1.9"), DB, 1, False, id="in its hole"),
        pytest.param([ingress(BLOCK)], FRONT, DB, 1, False, id="a pod is in no block"),
        pytest.param(
            [policy({"egress": [{"to": [FRONTS]}]})], DB, AWAY_FRONT, 1, False, id="egress by rules"
        ),
        pytest.param(
            [policy({"egress": [{"to": [FRONTS]}]})], FRONT, DB, 1, False, id="and ingress with it"
        ),
        pytest.param(
            [policy({"policyTypes": ["Egress"]})], FRONT, DB, 1, True, id="only what it is about"
        ),
        pytest.param([policy({}), ingress(FRONTS)], FRONT, DB, 1, True, id="policies add up"),
        pytest.param(
            [policy({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}})],
            FRONT,
            DB,
            1,
            True,
            id="an expression that does not hold",
        ),
    ],
)
def test_a_connection_is_judged_as_the_reference_says(
    policies: list[dict[str, Any]], source: Place, target: Place, port: int, allowed: bool
) -> None:
    assert is_allowed(policies, source, target, port) is allowed
