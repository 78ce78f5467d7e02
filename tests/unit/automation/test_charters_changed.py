"""A charter that changes in the middle of a run: what was begun goes on, and is judged by facts."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from desk_automation.matching.store import OpenRuns, Rulebooks
from desk_automation.runs.model import Phase
from desk_charter import Charter, CharterSource
from desk_contracts.events.automation import Outcome

from tests.support.automation_engine import START, Engine, measured, raised, runbook
from tests.support.charter_sections import obeying
from tests.support.confidential import with_secrets

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def charter_of(*books: object) -> Charter:
    return obeying(with_secrets(team="business-apps"), runbooks=books)


class Source:
    """The charter in force, and who wants to hear of another."""

    def __init__(self, charter: Charter) -> None:
        self.current = charter
        self.listeners: list[Callable[[Charter], None]] = []

    def on_change(self, listener: Callable[[Charter], None]) -> None:
        self.listeners.append(listener)

    def change(self, charter: Charter) -> None:
        self.current = charter
        for listener in self.listeners:
            listener(charter)


async def verifying(engine: Engine) -> None:
    await engine.hear(raised())
    while (await engine.run()).phase is not Phase.VERIFYING:
        await engine.step(engine.clock.now() + MINUTE)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_run_whose_runbook_is_taken_out_is_judged_by_what_is_measured(
    is_restarted: bool,
) -> None:
    engine = Engine((runbook(),))
    source = Source(charter_of(runbook()))
    books = Rulebooks(cast("CharterSource", source))
    await verifying(engine)
    source.change(charter_of())
    if is_restarted:
        books = Rulebooks(cast("CharterSource", source))
        await OpenRuns(engine.runs, books, engine.clock).hear()
    engine.rulebook = books()  # type: ignore[assignment]
    acted_at = (await engine.run()).acted_at or START
    engine.clock.advance(SECOND)
    await engine.hear(measured(40.0, acted_at + SECOND))
    await engine.settle(timedelta(minutes=10))
    assert (await engine.run()).outcome is Outcome.HEALED


async def test_what_could_correct_an_escalation_is_listened_for_after_a_restart() -> None:
    engine = Engine((runbook(),))
    await engine.hear(raised())
    await engine.settle(timedelta(hours=1))
    books = Rulebooks(cast("CharterSource", Source(charter_of())))
    await OpenRuns(engine.runs, books, engine.clock).hear()
    assert books().measurements == {"disk.free.percent"}
