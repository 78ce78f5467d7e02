"""Production's MongoDB: who may do what there, and that services find it under its address."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from desk_contracts.topics import SERVICES


def roles(store: Any, user: str) -> set[tuple[str, str]]:
    users = {
        item["name"]: item for item in store.named("MongoDBCommunity", "desk")["spec"]["users"]
    }
    return {(role["name"], role["db"]) for role in users[user]["roles"]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_its_own_database_and_sees_no_other(store: Any, service: str) -> None:
    assert roles(store, f"desk-{service}") == {("readWrite", f"desk_{service}")}


def test_the_operator_reads_every_database_and_writes_none(store: Any) -> None:
    assert roles(store, "desk-operator") == {("read", f"desk_{service}") for service in SERVICES}


def test_nobody_else_signs_in_and_nobody_without_tls(store: Any) -> None:
    spec = store.named("MongoDBCommunity", "desk")["spec"]
    names = {item["name"] for item in spec["users"]}
    assert names == {f"desk-{name}" for name in (*SERVICES, "operator")}
    assert (spec["members"], spec["security"]["tls"]["enabled"]) == (3, True)


def test_both_sides_take_their_secrets_from_the_same_entries(store: Any, prod: Any) -> None:
    spec = store.named("MongoDBCommunity", "desk")["spec"]
    tls = spec["security"]["tls"]
    used = {item["passwordSecretRef"]["name"] for item in spec["users"]}
    used |= {tls["certificateKeySecretRef"]["name"], tls["caCertificateSecretRef"]["name"]}
    assert {item["spec"]["target"]["name"] for item in store.all("ExternalSecret")} == used
    theirs = {
        item["metadata"]["name"]: item["spec"]["data"][-1]["remoteRef"]
        for item in prod.all("ExternalSecret")
    }
    for item in store.all("ExternalSecret"):
        name = item["metadata"]["name"]
        if name != tls["certificateKeySecretRef"]["name"]:
            assert theirs[name] == item["spec"]["data"][-1]["remoteRef"]


def test_production_looks_for_it_where_it_is(store: Any, prod: Any) -> None:
    made = store.named("MongoDBCommunity", "desk")["metadata"]
    address = urlsplit(prod.environment("intake")["DESK_STORE"])
    # As MongoDB's operator names the Service and the replica set of an object.
    assert address.netloc == f"{made['name']}-svc.{made['namespace']}.svc:27017"
    assert parse_qs(address.query) == {"replicaSet": [made["name"]]}
