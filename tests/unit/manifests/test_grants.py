"""One topic, one writer: the rights on Kafka are the catalogue's, and no right goes further."""

import pytest
from desk_shared.events import names
from desk_shared.events.topics import SERVICES, Service, Topic, all_topics, dead_topic, team_topic
from desk_shared.manifests import User, all_users

TEAMS = ("network", "net", "service-care")
TOPICS = all_topics(TEAMS)
USERS = {user.name: user for user in all_users(TEAMS)}
INSIDE = [topic for topic in TOPICS if topic.writer != "outside"]
OUTSIDE = [topic for topic in TOPICS if topic.writer == "outside"]


def writers(topic: Topic) -> set[str]:
    return {user.name for user in USERS.values() if user.may("Write", "topic", topic.name)}


def readers(topic: Topic) -> set[str]:
    found = {user.name for user in USERS.values() if user.may("Read", "topic", topic.name)}
    return found - {"desk-operator"}


@pytest.mark.parametrize("topic", INSIDE, ids=lambda topic: topic.name)
def test_only_the_declared_service_may_write_a_topic(topic: Topic) -> None:
    assert writers(topic) == {f"desk-{topic.writer}"}


@pytest.mark.parametrize("topic", OUTSIDE, ids=lambda topic: topic.name)
def test_no_service_may_write_what_outside_systems_say(topic: Topic) -> None:
    assert writers(topic)
    assert not writers(topic) & {f"desk-{service}" for service in SERVICES}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_services_read_what_they_subscribe_to_and_nothing_else(topic: Topic) -> None:
    services = {name for name in readers(topic) if name.removeprefix("desk-") in SERVICES}
    assert services == {f"desk-{reader}" for reader in topic.readers}


def test_retry_and_dead_letter_topics_belong_to_their_group_alone() -> None:
    dead = next(one for one in TOPICS if one.name == dead_topic(names.TICKETS, "triage"))
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
    people = next(one for one in TOPICS if one.name == team_topic(names.PEOPLE))
    assert readers(people) == {"desk-notify"}


def test_publishers_write_one_topic_and_read_nothing() -> None:
    publishers = [user for name, user in USERS.items() if name.startswith("desk-publisher-")]
    assert len(publishers) == len(OUTSIDE)
    for user in publishers:
        assert [grant.operations for grant in user.grants] == [("Write",)]
        assert user.grants[0].name in {topic.name for topic in OUTSIDE}


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
