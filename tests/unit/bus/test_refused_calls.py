"""What a call was refused for is told only once it is certain."""

from collections.abc import Sequence

from desk_contracts.errors import KeyReused
from desk_kernel import Context, Decision
from desk_platform.kafka import Cause, WorkItem
from desk_platform.store import Stored

from tests.support.bus_desk import Desk, Story


def _call(text: str) -> WorkItem[Story]:
    """A call under a key that another one has too."""

    def rule(_state: Story | None, _context: Context) -> Decision[Story]:
        return Decision(Story(notes=(text,)))

    return WorkItem("t", rule, Cause("key", content=text))


async def test_whose_body_holds_under_a_key_is_not_refused() -> None:
    """Here the first one wins; but another member has written the second one meanwhile."""
    desk = Desk(ordered=False)
    other, write = desk.another(), desk.documents.write
    first, second = _call("first"), _call("second")

    async def overtaken(documents: Sequence[Stored[Story]]) -> frozenset[str]:
        desk.documents.write = write  # type: ignore[method-assign]
        await other.run([_call("second")], desk.on_failed)
        return await write(documents)

    desk.documents.write = overtaken  # type: ignore[method-assign]
    await desk.unit_of_work.run([first, second], desk.on_failed)
    assert await desk.notes() == ("second",)
    assert [(task, type(error)) for task, error in desk.failures] == [(first, KeyReused)]


async def test_a_refusal_that_nothing_overtakes_is_told() -> None:
    desk = Desk(ordered=False)
    first, second = _call("first"), _call("second")
    await desk.unit_of_work.run([first, second], desk.on_failed)
    assert [(task, type(error)) for task, error in desk.failures] == [(second, KeyReused)]
