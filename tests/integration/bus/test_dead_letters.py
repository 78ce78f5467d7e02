"""`desk dead`: what could not be handled is listed with its reason and can be tried again."""

import asyncio
from collections.abc import Iterator

import pytest
from desk_cli.main import app
from desk_cli.options import settings
from desk_contracts import AnyEvent
from desk_contracts.errors import Invalid
from desk_kernel import Context, Decision
from desk_platform.kafka import BatchProcessor, UnitOfWork
from desk_platform.kafka.records import SETTLES
from desk_platform.store import Documents, Schema
from desk_testing import eventually
from typer.testing import CliRunner

from tests.support.bus_desk import Story, noted, tell
from tests.support.bus_rig import DEAD, RETRIES, Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


@pytest.fixture
def desk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    for name, text in {
        "DESK_ENVIRONMENT": "local",
        "DESK_KAFKA": rig.kafka,
        "DESK_STORE": rig.store_url,
        "DESK_TOPIC_PREFIX": rig.prefix,
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, text)
    settings.cache_clear()
    yield CliRunner()
    settings.cache_clear()


async def run(desk: CliRunner, *words: str) -> tuple[int, str]:
    """In a thread, since commands have a loop of their own."""
    result = await asyncio.to_thread(desk.invoke, app, list(words))
    return result.exit_code, result.output


def last_line(text: str) -> str:
    """What the command says; consumers of the same process write their lines before it."""
    return text.strip().rpartition("\n")[2]


class Mended:
    """A rule with a bug until somebody mends it."""

    def __init__(self) -> None:
        self.is_mended = False

    def __call__(
        self, state: Story | None, event: AnyEvent, context: Context
    ) -> Decision[Story] | None:
        if event.id == "t-1" and not self.is_mended:
            raise Invalid("this rule cannot read that note", code="unreadable-note")
        return tell(state, event, context)


async def test_a_dead_letter_is_found_mended_and_replayed_for_the_projection_that_failed(
    rig: Rig, desk: CliRunner
) -> None:
    rule = Mended()
    good, broken = rig.unit_of_work(ordered=False), _another(rig, rule)
    processor = BatchProcessor(good, broken)
    await rig.publish([noted("t", 1), *(noted("t", number) for number in range(2, 120))])
    await rig.join(processor)
    await rig.join_retry(processor)
    await eventually(rig.is_committed, timeout=60)

    code, text = await run(desk, "dead", "list")
    assert code == 1
    assert "unreadable-note" in text
    code, text = await run(desk, "dead", "show", DEAD)
    assert code == 0
    assert "this rule cannot read that note" in text
    for line in ("id       t-1", "source   /desk/intake", "desk.ticket.commented.v1", '"text":"1"'):
        assert line in text

    place = await _settled(rig, desk)

    rule.is_mended = True
    before = await rig.stories()
    code, text = await run(desk, "dead", "replay", DEAD, "--record", place)
    assert (code, last_line(text)) == (0, f"1 records given back to {RETRIES}.")
    await eventually(lambda: _has_notes(rig, 119), timeout=60)
    await eventually(lambda: rig.is_committed(".retry", RETRIES))
    # The fold that had handled it long ago, and forgotten its id since, did not get it again.
    assert await rig.stories() == before


async def _settled(rig: Rig, desk: CliRunner) -> str:
    """A replay that fails again leaves one letter, not two; settled, it is counted no more."""
    code, text = await run(desk, "dead", "replay", DEAD, "--all")
    assert code == 0, text
    await eventually(lambda: _has_copies(rig, 2), timeout=60)
    code, text = await run(desk, "dead", "list")
    assert (code, "unreadable-note | 1" in text.replace("│", "|").replace("  ", " ")) == (1, True)

    code, text = await run(desk, "dead", "settle", DEAD, "--all", "--by", "max", "--note", "moot")
    assert (code, last_line(text)) == (0, f"1 letters of {DEAD} settled.")
    code, text = await run(desk, "dead", "list")
    assert (code, last_line(text)) == (0, "No open dead letters; 1 are settled.")
    code, text = await run(desk, "dead", "show", DEAD, "--settled")
    assert "by max, " in text
    assert "UTC: moot" in text
    return text.split()[0]


def _others(rig: Rig) -> Documents[Story]:
    return rig.store.documents(Schema("others", Story), rig.clock.now)


def _another(rig: Rig, rule: Mended) -> UnitOfWork[Story]:
    """A second fold with documents of its own."""
    unit_of_work = rig.unit_of_work(rule, ordered=False)
    unit_of_work.name, unit_of_work._documents = "others", _others(rig)
    return unit_of_work


async def _has_notes(rig: Rig, many: int) -> bool:
    loaded = await _others(rig).load(["t"])
    state = loaded["t"].state if "t" in loaded else None
    return state is not None and len(state.notes) == many


async def _has_copies(rig: Rig, many: int) -> bool:
    """So many copies of letters, without the marks of what was settled."""
    dead_letters = [raw for raw in await rig.read(DEAD) if SETTLES not in dict(raw.headers)]
    return len(dead_letters) == many


async def test_no_dead_letters_is_said_so(rig: Rig, desk: CliRunner) -> None:
    assert rig.prefix
    code, text = await run(desk, "dead", "list")
    assert (code, last_line(text)) == (0, "No dead letters.")
