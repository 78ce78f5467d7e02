"""A store that knows less than the brokers was put back; anything else was not."""

from contextlib import nullcontext

import pytest
from desk_contracts import AnyEvent
from desk_contracts.errors import DependencyDown
from desk_platform.clock import FakeClock
from desk_platform.kafka import agreement
from desk_platform.kafka.agreement import (
    NOTED_EVERY,
    CommitNotes,
    Committed,
    Older,
    find_older,
    milestone_of,
)
from desk_platform.settings import KafkaSettings

from tests.support.bus_desk import START


class Kept:
    """Milestones in memory."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    async def next(self, group: str) -> int:
        self.numbers[group] = self.numbers.get(group, 0) + 1
        return self.numbers[group]

    async def all(self) -> dict[str, int]:
        return dict(self.numbers)


@pytest.mark.parametrize(
    ("stored", "committed", "is_older"),
    [(5, 5, False), (6, 5, False), (4, 5, True), (None, 1, True), (None, 0, False), (3, 0, False)],
)
def test_a_group_is_older_only_if_the_brokers_know_of_more(
    stored: int | None, committed: int, is_older: bool
) -> None:
    has = {} if stored is None else {"notify": stored}
    older = find_older({"notify": Committed({}, committed)}, has)
    assert older == ([Older("notify", stored or 0, committed)] if is_older else [])


@pytest.mark.parametrize("text", [None, "", "milestone ", "milestone x", "7", "note 7"])
def test_what_somebody_else_wrote_beside_an_offset_is_no_milestone(text: str | None) -> None:
    assert milestone_of(text) == 0


class Log:
    """What was done, in order."""

    def __init__(self) -> None:
        self.saved_at: list[dict[str, int]] = []
        self.kept = Kept()

    async def save(self) -> None:
        self.saved_at.append(dict(self.kept.numbers))


async def test_a_milestone_is_in_the_store_before_it_is_in_a_commit() -> None:
    clock, log = FakeClock(START), Log()
    noting = CommitNotes("notify", log.kept, clock, log.save)
    text = await noting.text(is_last=False)
    assert milestone_of(text) == log.kept.numbers["notify"] == 1
    assert await noting.text(is_last=False) == text
    clock.advance(NOTED_EVERY)
    assert milestone_of(await noting.text(is_last=False)) == 2


async def test_how_far_was_read_is_saved_with_each_milestone_and_before_it() -> None:
    clock, log = FakeClock(START), Log()
    noting = CommitNotes("notify", log.kept, clock, log.save)
    for _ in range(2):
        await noting.text(is_last=False)
    clock.advance(NOTED_EVERY)
    await noting.text(is_last=False)
    await noting.text(is_last=True)
    assert log.saved_at == [{}, {"notify": 1}, {"notify": 2}]


async def test_the_last_commit_of_a_life_has_a_milestone_of_its_own() -> None:
    """A backup that was taken before it is older for certain, however short the life was."""
    log = Log()
    noting = CommitNotes("notify", log.kept, FakeClock(START), log.save)
    first = await noting.text(is_last=False)
    assert milestone_of(await noting.text(is_last=True)) == milestone_of(first) + 1


async def test_without_a_place_to_keep_them_nothing_is_noted() -> None:
    log = Log()
    assert await CommitNotes("a", None, FakeClock(START), log.save).text(is_last=True) == ""


class LastRecordOf:
    """A consumer of a topic that has nine offsets in one partition, and gives no record."""

    def __init__(self, *, knows: bool = True, reaches: int = 9) -> None:
        self.knows, self.reaches = knows, reaches
        self._client = self.cluster = self

    async def add_topic(self, _topic: str) -> bool:
        return self.knows

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return {0}

    def assign(self, _places: object) -> None: ...

    def seek(self, _place: object, _offset: int) -> None: ...

    async def getmany(self, **_wait: int) -> dict[object, list[object]]:
        return {}

    async def position(self, _place: object) -> int:
        return self.reaches


async def _read_with(monkeypatch: pytest.MonkeyPatch, consumer: LastRecordOf) -> list[AnyEvent]:
    async def ends(_client: object, places: list[object]) -> dict[object, int]:
        return dict.fromkeys(places, 9)

    async def begins(_client: object, places: list[object]) -> dict[object, int]:
        return dict.fromkeys(places, 0)

    monkeypatch.setattr(agreement, "follow", lambda _kafka: nullcontext(consumer))
    monkeypatch.setattr(agreement, "end_offsets", ends)
    monkeypatch.setattr(agreement, "begin_offsets", begins)
    return await agreement.read_last_events(KafkaSettings(), "desk.tickets", "")


async def test_an_end_that_nobody_gives_is_not_taken_for_an_empty_topic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(DependencyDown, match="say nothing of desk"):
        await _read_with(monkeypatch, LastRecordOf(knows=False))
    with pytest.raises(DependencyDown, match="do not give the end of desk"):
        await _read_with(monkeypatch, LastRecordOf(reaches=8))


async def test_the_mark_of_a_transaction_s_end_is_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _read_with(monkeypatch, LastRecordOf()) == []
