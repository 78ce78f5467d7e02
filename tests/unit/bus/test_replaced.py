"""When a topic is not the one that was read, and what its marks are worth then."""

from collections.abc import Mapping

import pytest
from desk_platform.kafka.topic_ids import TopicIds
from desk_platform.kafka.topic_replacement import why_replaced
from desk_platform.store import Origin, Stored
from desk_platform.store.positions import Position

TOPIC = "desk.telemetry"


def kept(cluster: str = "c1", id: str = "t1", **offsets: int) -> Position:
    return Position("triage", TOPIC, cluster, id, 0, {int(p[1:]): n for p, n in offsets.items()})


@pytest.mark.parametrize(
    ("position", "cluster", "topic_id", "ends", "reason"),
    [
        (kept(p0=5), "c1", "t1", {0: 5}, ""),
        (kept(p0=5), "c1", "t1", {0: 9}, ""),
        (kept(p0=5), "c1", "t2", {0: 9}, "id t1"),
        (kept(p0=5), "c2", "t1", {0: 9}, "cluster c1"),
        (kept(), "c2", "t2", {}, "cluster c1"),
        (kept(p0=5, p1=3), "c1", "t1", {0: 5, 1: 2}, "partition 1 was read up to 3 and ends at 2"),
        (kept(p0=5), "c1", "t1", {0: 5, 1: 0}, ""),
        (kept(p0=5), "c1", "t1", {}, ""),
        (kept("c1", "", p0=5), "c1", "", {0: 7}, ""),
        (kept("c1", "", p0=5), "c1", "", {0: 4}, "ends at 4"),
        (kept("c1", "", p0=5), "c1", "t1", {0: 5}, ""),
        (kept("", "t1", p0=5), "", "t2", {0: 5}, "id t1"),
    ],
)
def test_another_id_another_cluster_and_a_lost_tail_are_another_topic(
    position: Position, cluster: str, topic_id: str, ends: Mapping[int, int], reason: str
) -> None:
    why = why_replaced(position, TopicIds(cluster, {TOPIC: topic_id}), ends)
    assert reason in why
    assert bool(reason) is bool(why)


def test_a_topic_that_is_not_there_is_no_other_topic() -> None:
    assert not why_replaced(kept(p0=5), TopicIds("c2", {}), {})


def test_a_mark_says_nothing_of_a_topic_made_anew_and_an_identity_does() -> None:
    document: Stored[int] = Stored("d")
    document.mark("one", Origin(TOPIC, 0, 40))
    document.mark("other", Origin(TOPIC, 1, 7))
    anew = Origin(TOPIC, 0, 3, generation=1)
    assert document.has_read(Origin(TOPIC, 0, 3))
    assert not document.has_read(anew)
    assert document.has_handled("one", anew)

    document.mark("two", anew)
    assert document.marks == {"desk/telemetry/1": 7, "desk/telemetry/0@1": 3}
    document.mark("three", Origin(TOPIC, 0, 1, generation=2))
    assert document.marks == {"desk/telemetry/1": 7, "desk/telemetry/0@2": 1}
