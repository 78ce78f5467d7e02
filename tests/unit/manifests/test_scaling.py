"""The traps of scaling by lag stay closed."""

from typing import TypedDict, cast

import pytest
from desk_contracts.topics import BY_NAME, PARTITIONS, SERVICES, Service
from desk_manifests import SUBSCRIPTIONS, Document, render_scaled_objects


class Trigger(TypedDict):
    """As much of a trigger as is looked at here."""

    type: str
    name: str
    metadata: dict[str, str]


OBJECTS = dict(zip(SERVICES, render_scaled_objects(), strict=True))


def spec(service: Service) -> Document:
    return cast(Document, OBJECTS[service]["spec"])


def triggers(service: Service) -> list[Trigger]:
    return cast(list[Trigger], spec(service)["triggers"])


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_scales_to_zero_or_past_the_partitions(service: Service) -> None:
    lowest, highest = spec(service)["minReplicaCount"], spec(service)["maxReplicaCount"]
    assert (lowest, highest) == (2, PARTITIONS)
    assert all(BY_NAME[topic].partitions == PARTITIONS for topic in topics(service))


@pytest.mark.parametrize("service", SERVICES)
def test_every_lag_trigger_names_topic_group_and_the_consumers_reset_policy(
    service: Service,
) -> None:
    lags = [trigger for trigger in triggers(service) if trigger["type"] == "kafka"]
    assert {lag["metadata"]["topic"] for lag in lags} == topics(service)
    assert {lag["metadata"]["offsetResetPolicy"] for lag in lags} == {"earliest"}
    groups = {lag["metadata"]["consumerGroup"] for lag in lags}
    assert all(group == service or group.startswith(f"{service}.") for group in groups)
    names = [lag["name"] for lag in lags]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("service", SERVICES)
def test_services_scale_only_by_topics_they_are_declared_to_read(service: Service) -> None:
    assert all(service in BY_NAME[topic].readers for topic in topics(service))


def test_shrinking_is_slower_than_a_rebalance_storm() -> None:
    advanced = cast(dict[str, dict[str, dict[str, Document]]], spec("triage")["advanced"])
    down = advanced["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert cast(int, down["stabilizationWindowSeconds"]) >= 300
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 180}]


def test_intake_grows_with_its_http_load_too() -> None:
    kinds = {service: {trigger["type"] for trigger in triggers(service)} for service in SERVICES}
    assert [service for service, trigger_types in kinds.items() if "cpu" in trigger_types] == [
        "intake"
    ]


def topics(service: Service) -> set[str]:
    """What more replicas can share: all it reads, but for what has one partition."""
    every = (topic for group in SUBSCRIPTIONS[service].values() for topic in group)
    return {topic for topic in every if BY_NAME[topic].partitions > 1}
