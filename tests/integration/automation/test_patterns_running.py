"""Patterns over time on a real broker and store, with automation killed in the middle of them."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_automation.pattern_windows.store import PATTERN_WINDOWS
from desk_automation.patterns.model import SubjectWindows, Window
from desk_contracts.events.automation import RunStarted
from desk_platform.settings import StoreSettings
from desk_platform.store import Documents, open_store
from desk_testing import eventually
from desk_testing.processes import CHARTER

from tests.support.automation_desk import Automation, Bus, Target, cleared, raised
from tests.support.automation_servers import running

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

RUNBOOK = """\
id: {id}
title: A repair that waits for a pattern
why: To see what a kill makes of a window.
owner_team: workplace
risk: disruptive
mode: auto
expires: 2030-12-31
when: {{{when}}}
limits: {{per_target: {{cooldown: 1s, per_day: 9}}, per_runbook: {{per_hour: 5000}}}}
steps:
  - id: repair
    kind: act
    effect: keyed
    request: {{method: POST, url: "${{data.attributes.agent_url}}/v1/actions/{id}/${{target}}"}}
    timeout: 5s
    retry: {{attempts: 3, base: 100ms, cap: 500ms}}
verify: {{measurement: disk.free.percent, at_least: 15, within: 2m}}
escalate: {{title: "{id} did not help on ${{target}}"}}
breaker: {{consecutive: 5000}}
"""
PATTERNS = {
    "thrice": "count: {of: data.signal == 'thrice', at_least: 3, within: 10m}",
    "silent": "absent: {after: data.signal == 'silent', no: data.signal == 'alive', within: 15s}",
    "lasting": "held: {of: data.signal == 'lasting', for: 15s}",
}


@pytest.fixture
async def automation(service: Automation, tmp_path: Path) -> AsyncIterator[Automation]:
    charter = tmp_path / "charter"
    shutil.copytree(CHARTER, charter)
    for id, when in PATTERNS.items():
        text = RUNBOOK.format(id=id, when=when)
        (charter / "runbooks" / f"{id}.yaml").write_text(text, encoding="utf-8")
    service.env["DESK_CHARTER"] = str(charter)
    async with running(service):
        yield service


@pytest.fixture
async def stored(
    automation: Automation, store_url: str, bus: Bus
) -> AsyncIterator[Documents[SubjectWindows]]:
    """The windows as the store has them."""
    assert automation.process is not None
    store = open_store(StoreSettings(url=store_url), f"{bus.prefix}automation")
    yield store.documents(PATTERN_WINDOWS, lambda: datetime.now(UTC))
    await store.stop()


async def windows_of(stored: Documents[SubjectWindows], subject: str) -> tuple[Window, ...]:
    document = (await stored.load([subject])).get(subject)
    return () if document is None or document.state is None else document.state.windows


async def heard(stored: Documents[SubjectWindows], subject: str, count: int) -> bool:
    """Whether so many events of the subject are in its window."""
    return any(
        len(window.waiting) + len(window.entries) + (window.wait is not None) == count
        for window in await windows_of(stored, subject)
    )


async def wait_heard(stored: Documents[SubjectWindows], subject: str, count: int) -> None:
    """Until so many events of the subject are in its window."""
    await eventually(lambda: heard(stored, subject, count), timeout=60)


async def is_forgotten(stored: Documents[SubjectWindows], *subjects: str) -> bool:
    """Whether nothing is left of their windows, so that nothing more can come of them."""
    documents = await stored.load(subjects)
    return len(documents) == len(subjects) and not any(
        [await windows_of(stored, subject) for subject in subjects]
    )


async def wait_started(bus: Bus, *targets: str) -> None:
    """Until the log has one run that acted for each of these targets, and no other."""

    async def all_started() -> bool:
        await bus.read()
        seen = [event.subject for event in bus.seen.values() if isinstance(event.data, RunStarted)]
        return sorted(seen) == sorted(targets)

    await eventually(all_started, timeout=60)


def acted_on(target: Target) -> list[str]:
    return sorted(path.rpartition("/")[2] for path, _ in target.requests if "/actions/" in path)


async def test_a_count_goes_on_where_it_was_killed(
    automation: Automation, bus: Bus, target: Target, stored: Documents[SubjectWindows]
) -> None:
    await bus.publish(*(raised("laptop-1", target.url, "thrice") for _ in range(2)))
    await wait_heard(stored, "laptop-1", 2)
    automation.kill()
    await bus.publish(raised("laptop-1", target.url, "thrice"))
    automation.launch()
    await eventually(lambda: acted_on(target) == ["laptop-1"], timeout=90)
    await eventually(lambda: is_forgotten(stored, "laptop-1"), timeout=60)
    assert acted_on(target) == ["laptop-1"]


async def test_whenever_it_is_killed_nothing_is_lost_or_counted_twice(
    automation: Automation, bus: Bus, target: Target, stored: Documents[SubjectWindows]
) -> None:
    whole = [f"whole-{number}" for number in range(8)]
    short = [f"short-{number}" for number in range(8)]
    for round_number in range(3):
        names = whole if round_number == 2 else [*whole, *short]
        for half in (names[::2], names[1::2]):
            await bus.publish(*(raised(name, target.url, "thrice") for name in half))
            if round_number == 1:
                # Once the first of these is in the store the others are on their way.
                await wait_heard(stored, half[0], 2)
            automation.kill()
            automation.launch()
    await eventually(lambda: set(acted_on(target)) == set(whole), timeout=120)
    await eventually(lambda: is_forgotten(stored, *whole), timeout=60)
    await eventually(automation.is_ready, timeout=60)
    # A kill in the middle of a call may have it sent again, with the same key.
    assert len(target.effects) == len(whole)
    await wait_started(bus, *whole)
    for name in short:
        assert await heard(stored, name, 2)


async def test_a_timer_fires_after_a_kill_and_hears_first_what_came_meanwhile(
    automation: Automation, bus: Bus, target: Target, stored: Documents[SubjectWindows]
) -> None:
    fulls = [raised(name, target.url, "lasting") for name in ("full-1", "full-2")]
    silent = [raised(name, target.url, "silent") for name in ("silent-1", "silent-2")]
    await bus.publish(*fulls, *silent)
    for event in (*fulls, *silent):
        await wait_heard(stored, event.subject, 1)
    automation.kill()
    assert acted_on(target) == []
    await bus.publish(cleared(fulls[1]), raised("silent-2", target.url, "alive"))
    automation.launch()
    await eventually(lambda: acted_on(target) == ["full-1", "silent-1"], timeout=90)
    subjects = [event.subject for event in (*fulls, *silent)]
    await eventually(lambda: is_forgotten(stored, *subjects), timeout=60)
    assert acted_on(target) == ["full-1", "silent-1"]
    await wait_started(bus, "full-1", "silent-1")
