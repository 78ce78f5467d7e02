"""One topic, one writer: the rights on Kafka are the catalogue's, and no right goes further."""

from typing import Any, cast

import pytest
from desk_charter.sources import OutsideSystem
from desk_contracts import names
from desk_contracts.topics import SERVICES, Service, Topic, all_topics, dead_topic, team_topic
from desk_manifests import Quotas, User, all_users, user_documents

TEAMS = ("network", "net", "service-care")
TOPICS = all_topics(TEAMS)
MONITOR = OutsideSystem(
    name="monitor",
    title="Monitor",
    source="/monitor",
    types=("desk.alert.fired.v1", "desk.telemetry.measured.v1", "desk.ticket.requested.v1"),
    kafka_user="zabbix",
    bytes_per_second=2_048,
)
AGENTS = OutsideSystem(
    name="agents",
    title="Agents",
    source="/agents",
    types=("desk.telemetry.measured.v1",),
    kafka_user="intake",  # a name that only looks like a service's
    endpoints=True,
)
DELIVERY = OutsideSystem(
    name="delivery",
    title="Delivery",
    source="/delivery",
    types=("desk.change.started.v1",),
    kafka_user="delivery",
)
BY_HTTP = OutsideSystem(
    name="portal",
    title="Portal",
    source="/portal",
    types=("desk.ticket.requested.v1",),
    sign_in="portal",
)
REVOKED = MONITOR.model_copy(
    update={"name": "gone", "source": "/gone", "kafka_user": "gone", "revoked": True}
)
SOURCES = (MONITOR, AGENTS, DELIVERY, BY_HTTP, REVOKED)
USERS = {user.name: user for user in all_users(TEAMS, SOURCES)}
INSIDE = [topic for topic in TOPICS if topic.writer != "outside"]
OUTSIDE = [topic for topic in TOPICS if topic.writer == "outside"]


def writers(topic: Topic) -> set[str]:
    return {user.name for user in USERS.values() if user.may("Write", "topic", topic.name)}


def readers(topic: Topic) -> set[str]:
    user_names = {user.name for user in USERS.values() if user.may("Read", "topic", topic.name)}
    return user_names - {"desk-operator"}


@pytest.mark.parametrize("topic", INSIDE, ids=lambda topic: topic.name)
def test_only_the_declared_service_may_write_a_topic(topic: Topic) -> None:
    assert writers(topic) == {f"desk-{name}" for name in (topic.writer, *topic.shared_by)}


def test_one_topic_alone_is_shared() -> None:
    assert [topic.name for topic in TOPICS if topic.shared_by] == [names.ERASURES_DONE]


@pytest.mark.parametrize("topic", OUTSIDE, ids=lambda topic: topic.name)
def test_of_services_only_the_relay_may_write_what_outside_systems_say(topic: Topic) -> None:
    services = writers(topic) & {f"desk-{service}" for service in SERVICES}
    assert services == {f"desk-{relay}" for relay in topic.relays}
    assert writers(topic) - services


def test_intake_passes_on_what_comes_over_http_and_no_other_service_does() -> None:
    relayed = {topic.name: topic.relays for topic in TOPICS if topic.relays}
    assert relayed == dict.fromkeys((names.REQUESTS, names.TELEMETRY, names.CHANGES), ("intake",))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_services_read_what_they_subscribe_to_and_nothing_else(topic: Topic) -> None:
    services = readers(topic) & {f"desk-{service}" for service in SERVICES}
    assert services == {f"desk-{reader}" for reader in (*topic.readers, *topic.followers)}


def test_retry_and_dead_letter_topics_belong_to_their_group_alone() -> None:
    dead = next(topic for topic in TOPICS if topic.name == dead_topic(names.TICKETS, "triage"))
    assert (writers(dead), readers(dead)) == ({"desk-triage"}, {"desk-triage"})


@pytest.mark.parametrize("service", SERVICES)
def test_a_group_is_joined_by_its_own_service_only(service: Service) -> None:
    for group in (service, f"{service}.retry", f"{service}.telemetry"):
        joiners = {user.name for user in USERS.values() if user.may("Read", "group", group)}
        assert joiners == {f"desk-{service}"}


def test_a_group_that_only_begins_like_a_service_is_not_its_group() -> None:
    assert not USERS["desk-intake"].may("Read", "group", "intakes")


def test_a_team_reads_its_own_notifications_and_not_those_of_a_team_named_alike() -> None:
    net = USERS["desk-team-net"]
    assert net.may("Read", "topic", team_topic("net"))
    assert not net.may("Read", "topic", team_topic("network"))
    assert not net.may("Read", "group", "team-network")


def test_what_people_are_told_is_read_by_notify_alone() -> None:
    people = next(topic for topic in TOPICS if topic.name == team_topic(names.PEOPLE))
    assert readers(people) == {"desk-notify"}


def test_an_outside_system_writes_the_topics_of_its_types_and_reads_nothing() -> None:
    written = {topic.name for topic in TOPICS if USERS["zabbix"].may("Write", "topic", topic.name)}
    assert written == {names.TELEMETRY, names.REQUESTS}
    assert {grant.operations for grant in USERS["zabbix"].grants} == {("Write",)}


def test_devices_agents_are_told_what_to_do_and_answer_in_groups_of_their_own() -> None:
    agents = USERS["intake"]
    assert agents.may("Read", "topic", names.ACTIONS)
    assert agents.may("Write", "topic", names.ACTION_RESULTS)
    assert agents.may("Read", "group", "endpoints.intake.laptop-7")
    assert not agents.may("Read", "group", "endpoints.other.laptop-7")
    assert not agents.may("Write", "topic", names.ACTIONS)
    assert not agents.may("Read", "topic", names.TELEMETRY)


def test_who_comes_by_http_has_no_user() -> None:
    outside = {user.name for user in USERS.values() if not user.name.startswith("desk-")}
    assert outside == {"zabbix", "intake", "delivery", "gone"}


def test_who_is_revoked_keeps_a_user_without_rights() -> None:
    assert USERS["gone"].grants == ()
    documents = {item["metadata"]["name"]: item["spec"] for item in _rendered()}
    assert documents["gone"]["authorization"] == {"type": "simple", "acls": []}


def test_an_outsider_takes_what_its_entry_says_and_less_than_a_service() -> None:
    assert USERS["zabbix"].quotas == Quotas(2_048)
    least = min(USERS[f"desk-{service}"].quotas.bytes_per_second for service in SERVICES)
    assert all(
        user.quotas.bytes_per_second < least
        for name, user in USERS.items()
        if name.removeprefix("desk-") not in SERVICES
    )


def test_quotas_are_written_for_strimzi() -> None:
    documents = {item["metadata"]["name"]: item["spec"] for item in _rendered()}
    assert documents["zabbix"]["quotas"] == {
        "producerByteRate": 2_048,
        "consumerByteRate": 2_048,
        "requestPercentage": 25,
    }
    assert all(document["quotas"]["requestPercentage"] > 0 for document in documents.values())


def _rendered() -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], user_documents(TEAMS, SOURCES))


def test_only_the_operator_reads_by_prefix_and_it_writes_nothing() -> None:
    wide = {
        user.name
        for user in USERS.values()
        for grant in user.grants
        if grant.resource == "topic" and grant.pattern == "prefix"
    }
    assert wide == {"desk-operator"}
    assert not can_anywhere(USERS["desk-operator"], "Write")


def test_the_autoscaler_sees_positions_and_never_a_record() -> None:
    autoscaler = USERS["desk-autoscaler"]
    assert not can_anywhere(autoscaler, "Read")
    assert not can_anywhere(autoscaler, "Write")
    assert autoscaler.may("Describe", "topic", names.TICKETS)
    assert autoscaler.may("Describe", "group", "triage.telemetry")


def can_anywhere(user: User, operation: str) -> bool:
    return any(operation in grant.operations for grant in user.grants)
