"""`eventually` waits for truth and says what it last saw."""

import pytest
from desk_testing import eventually


class Later:
    """Becomes true at the third question."""

    def __init__(self) -> None:
        self.calls = 0

    def ask(self) -> int:
        self.calls += 1
        return self.calls if self.calls >= 3 else 0

    async def insist(self) -> str:
        self.calls += 1
        assert self.calls >= 3, "too early"
        return "there"


async def test_gives_the_first_true_answer() -> None:
    assert await eventually(Later().ask, interval=0.001) == 3


async def test_waits_through_failed_assertions_of_an_async_check() -> None:
    assert await eventually(Later().insist, interval=0.001) == "there"


async def test_says_what_it_last_saw() -> None:
    def check() -> bool:
        raise AssertionError("one is not two")

    with pytest.raises(AssertionError, match="one is not two"):
        await eventually(check, timeout=0.01, interval=0.001)


async def test_says_a_falsy_answer() -> None:
    with pytest.raises(AssertionError, match=r"the check gave \[\]"):
        await eventually(list, timeout=0.01, interval=0.001)


async def test_another_error_goes_through_at_once() -> None:
    def check() -> bool:
        raise KeyError("gone")

    with pytest.raises(KeyError):
        await eventually(check)


async def test_an_item_that_is_not_there_yet_is_waited_for() -> None:
    items: list[str] = []

    def first() -> str:
        count = len(items)
        items.append("now")
        return items[:count][0]

    assert await eventually(first, interval=0.001) == "now"


async def test_an_item_that_never_comes_is_said() -> None:
    nothing: list[str] = []
    with pytest.raises(AssertionError, match="out of range"):
        await eventually(lambda: nothing[0], timeout=0.01, interval=0.001)
