"""The most urgent first; of equals each team and each of its runbooks in turn."""

import pytest
from desk_automation.runs.worker.fair_queue import FairQueue, Rank
from desk_contracts.value_types import Priority

FLOOD = Rank(Priority.P3, "workplace", "clean-disk")
SAME_TEAM = Rank(Priority.P3, "workplace", "restart-spooler")
OTHER_TEAM = Rank(Priority.P3, "network", "renew-lease")
URGENT = Rank(Priority.P1, "network", "restart-gateway")
LATER = Rank(Priority.P4, "workplace", "tidy-up")


def take_all(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def fill(queue: FairQueue[str], name: str, rank: Rank, count: int) -> None:
    for number in range(count):
        queue.add(f"{name}{number}", rank)


def test_a_flood_of_one_runbook_holds_up_no_other_team_and_no_other_runbook() -> None:
    queue = FairQueue[str]()
    fill(queue, "flood", FLOOD, 5)
    fill(queue, "same", SAME_TEAM, 2)
    fill(queue, "other", OTHER_TEAM, 2)
    assert take_all(queue) == [
        *("flood0", "other0", "same0", "other1", "flood1", "same1"),
        *("flood2", "flood3", "flood4"),
    ]


def test_who_comes_later_has_no_turns_saved_up() -> None:
    queue = FairQueue[str]()
    fill(queue, "flood", FLOOD, 4)
    assert [queue.pop(), queue.pop()] == ["flood0", "flood1"]
    fill(queue, "other", OTHER_TEAM, 3)
    assert take_all(queue) == ["other0", "flood2", "other1", "flood3", "other2"]


def test_priority_goes_before_any_turn() -> None:
    queue = FairQueue[str]()
    fill(queue, "later", LATER, 1)
    fill(queue, "flood", FLOOD, 1)
    fill(queue, "urgent", URGENT, 2)
    assert take_all(queue) == ["urgent0", "urgent1", "flood0", "later0"]


def test_who_is_there_already_keeps_the_place() -> None:
    queue = FairQueue[str]()
    fill(queue, "flood", FLOOD, 2)
    queue.add("flood0", FLOOD)
    assert take_all(queue) == ["flood0", "flood1"]


def test_a_full_queue_takes_the_urgent_for_the_last_of_the_least_urgent() -> None:
    queue = FairQueue[str](3)
    fill(queue, "later", LATER, 2)
    fill(queue, "flood", FLOOD, 2)
    assert "later1" not in queue
    queue.add("urgent", URGENT)
    assert "later0" not in queue
    queue.add("too-late", LATER)
    assert take_all(queue) == ["urgent", "flood0", "flood1"]


def test_who_waits_no_more_is_never_next() -> None:
    queue = FairQueue[str]()
    fill(queue, "flood", FLOOD, 1)
    queue.discard("flood0")
    queue.discard("nobody")
    assert len(queue) == 0
    with pytest.raises(LookupError):
        queue.pop()
