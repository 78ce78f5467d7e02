"""Hot reload: a good charter comes into force, a bad one is refused and the last good one stays."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
import structlog.testing
from desk_charter.model import Charter
from desk_charter.problems import InvalidCharter, Problem
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.slas import SLAS
from desk_charter.watch import CharterSource
from desk_platform.clock import FakeClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Folder(Protocol):
    path: Path

    def write(self, name: str, text: str) -> None: ...
    def append(self, name: str, text: str) -> None: ...
    def text(self, name: str) -> str: ...
    def replace(self, name: str, old: str, new: str) -> None: ...


def source_of(folder: Folder) -> CharterSource:
    return CharterSource(folder.path, FakeClock(NOW))


async def test_a_changed_charter_comes_into_force_and_is_told(folder: Folder) -> None:
    source = source_of(folder)
    charters: list[Charter] = []
    source.on_change(charters.append)
    before = source.current
    folder.replace("teams.yaml", "title: Care", "title: Service care")
    assert await source.refresh()
    assert source.current.team("care").title == "Service care"
    assert charters == [source.current]
    assert before.team("care").title == "Care"
    assert source.status.reloads == 1


async def test_an_unchanged_folder_is_not_read_again(folder: Folder) -> None:
    source = source_of(folder)
    before = source.current
    assert not await source.refresh()
    assert source.current is before


async def test_a_comment_brings_no_new_charter(folder: Folder) -> None:
    source = source_of(folder)
    before = source.current
    folder.write("teams.yaml", "# new words\n" + folder.text("teams.yaml"))
    assert not await source.refresh()
    assert source.current is before


async def test_an_invalid_charter_is_refused_once_and_the_last_good_stays(folder: Folder) -> None:
    source = source_of(folder)
    before = source.current
    folder.replace("services.yaml", "owner: network", "owner: nobody")
    folder.replace("slas.yaml", "8h", "1 day")
    with structlog.testing.capture_logs() as logs:
        assert not await source.refresh()
        assert not await source.refresh()
    assert source.current is before
    assert [log["event"] for log in logs] == ["charter_refused"]
    assert len(logs[0]["problems"]) == 2
    assert source.refused is not None
    assert source.refused.since == NOW
    assert [problem.file for problem in source.refused.problems] == [
        "services.yaml",
        "slas.yaml",
    ]
    assert source.status.refusals == 1


async def test_a_corrected_charter_ends_the_refusal(folder: Folder) -> None:
    source = source_of(folder)
    good = folder.text("slas.yaml")
    folder.replace("slas.yaml", "8h", "1 day")
    await source.refresh()
    folder.write("slas.yaml", good)
    assert not await source.refresh()
    assert source.refused is None
    folder.replace("slas.yaml", "8h", "9h")
    assert await source.refresh()
    assert source.current.of(SLAS)[-1].target == timedelta(hours=9)


async def test_a_file_that_goes_or_comes_is_seen(folder: Folder) -> None:
    source = source_of(folder)
    (folder.path / "runbooks" / "restart-vpn.yaml").unlink()
    assert await source.refresh()
    assert source.current.of(RUNBOOKS) == ()


async def test_a_config_map_that_swaps_its_data_link_is_seen(
    folder: Folder, tmp_path: Path
) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    first, second = mount / "..2026_1", mount / "..2026_2"
    folder.path.rename(first)
    second.mkdir()
    (second / "runbooks").mkdir()
    for path in [*first.glob("*.yaml"), *first.glob("runbooks/*.yaml")]:
        text = path.read_text(encoding="utf-8").replace("title: Care", "title: Swapped")
        (second / path.relative_to(first)).write_text(text, encoding="utf-8")
    (mount / "..data").symlink_to(first.name)
    for name in [*(path.name for path in first.glob("*.yaml")), "runbooks"]:
        (mount / name).symlink_to(Path("..data") / name)
    source = CharterSource(mount, FakeClock(NOW))
    assert source.current.team("care").title == "Care"
    (mount / "..tmp").symlink_to(second.name)
    (mount / "..tmp").rename(mount / "..data")
    assert await source.refresh()
    assert source.current.team("care").title == "Swapped"


async def test_a_vanished_folder_is_refused_and_the_last_good_stays(
    folder: Folder, tmp_path: Path
) -> None:
    source = source_of(folder)
    folder.path.rename(tmp_path / "moved")
    assert not await source.refresh()
    assert source.refused is not None
    assert source.current.find_team("care") is not None


def test_starting_with_an_invalid_charter_raises_every_problem(folder: Folder) -> None:
    folder.replace("services.yaml", "owner: network", "owner: nobody")
    folder.replace("slas.yaml", "8h", "1 day")
    with pytest.raises(InvalidCharter) as refused:
        source_of(folder)
    assert len(refused.value.problems) == 2
    assert "slas.yaml:12: slas.all.target" in str(refused.value)


@pytest.mark.parametrize("is_bad", [False, True])
async def test_a_file_that_changes_while_it_is_read_is_taken_whole_next_time(
    folder: Folder, is_bad: bool
) -> None:
    """Good or bad, a half written charter neither comes into force nor is complained of."""
    writes: list[str] = []

    def write_on(_: Charter) -> Iterator[Problem]:
        if writes:
            folder.append("teams.yaml", writes.pop())
            if is_bad:
                yield Problem.at("teams", sentence="half written")

    written = (SLAS, replace(RUNBOOKS, whole_checks=(write_on,)))
    source = CharterSource(folder.path, FakeClock(NOW), obeyed=written)
    folder.replace("slas.yaml", "8h", "9h")
    writes.append("# the rest\n")
    assert not await source.refresh()
    assert (source.status.refusals, source.refused) == (0, None)
    assert await source.refresh()
    assert source.current.of(SLAS)[-1].target == timedelta(hours=9)


@contextlib.asynccontextmanager
async def running(source: CharterSource) -> AsyncIterator[None]:
    task = asyncio.create_task(source.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_run_keeps_looking_until_it_is_cancelled(folder: Folder) -> None:
    source = source_of(folder)
    seen = asyncio.Event()
    source.on_change(lambda _: seen.set())
    async with running(source):
        folder.replace("teams.yaml", "title: Care", "title: Service care")
        os.utime(folder.path / "teams.yaml")
        await asyncio.wait_for(seen.wait(), timeout=10)
    assert source.current.team("care").title == "Service care"
