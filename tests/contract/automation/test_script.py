"""What only scripts have, as real processes: confined, bounded, and ended as a whole."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_testing import eventually

from tests.support.executor_sides import (
    SECRET,
    ScriptSide,
    execute,
    script_action,
    script_side,
    surroundings,
)
from tests.support.spoken import english


@pytest.fixture
async def side() -> AsyncIterator[ScriptSide]:
    async with script_side() as made:
        assert isinstance(made, ScriptSide)
        yield made


async def run(
    side: ScriptSide, text: str, *arguments: str, seconds: float = 10, **changes: object
) -> Answer:
    """A script of that text."""
    (side.program.folder / "it").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return await execute(side, script_action("it", digest, *arguments, **changes), seconds=seconds)


async def test_only_what_was_reviewed_is_run(side: ScriptSide) -> None:
    action = side.action("key-1")
    side.program.path.write_text(side.program.path.read_text() + "\n# one more line")
    answer = await execute(side, action)
    assert (answer.result, answer.is_sent) == (Result.REFUSED, False)
    assert answer.message.code == "answer.other-script"
    assert side.effects() == 0


@pytest.mark.parametrize("name", ["missing", "../secrets/agent", "/bin/true"])
async def test_only_files_of_the_folder_are_run(side: ScriptSide, name: str) -> None:
    answer = await execute(side, script_action(name, "0" * 64))
    assert (answer.result, answer.is_sent) == (Result.REFUSED, False)


async def test_without_a_folder_nothing_is_run(side: ScriptSide) -> None:
    executor = EXECUTORS.kind("script").open(surroundings())
    side.executor = executor
    action = side.action("key-1").model_copy(update={"secrets": {}})
    answer = await execute(side, action)
    assert (answer.result, answer.message.code) == (Result.REFUSED, "answer.no-scripts")


@pytest.mark.parametrize("text", ["no script", "#!/nonexistent/shell\n", ""])
async def test_what_cannot_be_started_had_no_effect(side: ScriptSide, text: str) -> None:
    answer = await run(side, text)
    assert (answer.result, answer.is_sent) == (Result.REFUSED, False)
    assert answer.message.code == "answer.script-not-startable"


async def test_its_environment_has_what_is_declared_and_nothing_more(
    side: ScriptSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMATION_SOMETHING", "of the service")
    answer = await run(
        side, "#!/bin/sh\nenv | cut -d= -f1 | sort | tr '\\n' ' '", environment={"A": "b"}
    )
    listed = set(english(answer.message).split(". ", 1)[1].split())
    ours = {"PATH", "LANG", "HOME", "TMPDIR", "DESK_RUN", "DESK_FENCING_TOKEN", "DESK_ATTEMPT"}
    assert listed - {"PWD", "_", "SHLVL", "OLDPWD"} == ours | {"A", "TOKEN"}


async def test_its_folder_is_empty_and_gone_afterwards(side: ScriptSide) -> None:
    answer = await run(side, "#!/bin/sh\nls -A; touch left; pwd")
    place = Path(english(answer.message).split()[-1])
    assert english(answer.message).split()[-2:] == ["0.", str(place)]
    assert not place.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as another user")
async def test_it_is_another_user_and_reads_no_secret_of_the_service(side: ScriptSide) -> None:
    secret = side.program.folder / "secrets" / "agent"
    answer = await run(side, f"#!/bin/sh\nid -u\ncat {secret} || exit 3", no_effect=(3,))
    assert answer.result is Result.REFUSED
    assert "65534" in english(answer.message)


@pytest.mark.parametrize("value", ["; touch {0}", "$(touch {0})", "a b", "*", "'"])
async def test_an_argument_stays_one_whatever_it_says(side: ScriptSide, value: str) -> None:
    trap = side.program.folder / "effects" / "trap"
    text = value.format(trap)
    answer = await run(side, '#!/bin/sh\nprintf "<%s>" "$@"', text)
    assert f"<{text}>" in english(answer.message)
    assert side.effects() == 0


LEAVES_BEHIND = """\
#!/bin/sh
sleep {seconds} &
setsid sleep {seconds} &
setsid sh -c 'setsid sleep {seconds} &' &
{last}
"""


def sleeping(seconds: int) -> list[bytes]:
    wanted = f"sleep\0{seconds}\0".encode()
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if line == wanted:
            lines.append(line)
    return lines


async def gone(seconds: int) -> None:
    async def none_is_left() -> bool:
        return not sleeping(seconds)

    await eventually(none_is_left, timeout=10)


async def test_the_timeout_ends_all_that_it_started(side: ScriptSide) -> None:
    text = LEAVES_BEHIND.format(seconds=98701, last="sleep 98701")
    answer = await run(side, text, seconds=1)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)
    await gone(98701)


async def test_what_it_leaves_behind_delays_nobody_and_is_ended(side: ScriptSide) -> None:
    text = LEAVES_BEHIND.format(seconds=98702, last="echo done")
    answer = await run(side, text, seconds=30)
    assert (answer.result, "done" in english(answer.message)) == (Result.OK, True)
    await gone(98702)


async def test_a_cancelled_attempt_leaves_nothing_running(side: ScriptSide) -> None:
    text = LEAVES_BEHIND.format(seconds=98703, last="sleep 98703")
    task = asyncio.create_task(run(side, text, seconds=60))

    async def has_begun() -> bool:
        return bool(sleeping(98703))

    await eventually(has_begun, timeout=20)
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()
    await gone(98703)


async def test_a_script_ends_with_the_service_that_is_killed(side: ScriptSide) -> None:
    command = [sys.executable, "-m", "tests.support.dying_script", "98704"]
    around = {**os.environ, "TMPDIR": str(side.program.folder)}
    service = subprocess.Popen(command, env=around)  # noqa: ASYNC220 (our own)

    async def has_begun() -> bool:
        return bool(sleeping(98704))

    try:
        await eventually(has_begun, timeout=60)
    finally:
        service.kill()
        service.wait()
    await gone(98704)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("#!/bin/sh\nwhile :; do :; done", {"cpu_seconds": 1}),
        ("#!/bin/sh\nhead -c 5000000 /dev/zero > big && echo done", {"file_mib": 1}),
        ("#!/bin/sh\ni=0; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", {"memory_mib": 64}),
        ("#!/bin/sh\nfor i in 1 2 3 4 5 6; do sleep 1 & done; wait; echo done", {"processes": 3}),
    ],
)
async def test_what_goes_beyond_a_bound_is_stopped_and_in_doubt(
    side: ScriptSide, text: str, changes: dict[str, object]
) -> None:
    if "processes" in changes and os.geteuid() != 0:
        pytest.skip("the bound counts the user's other processes as they come and go")
    answer = await run(side, text, seconds=20, **changes)
    assert answer.result is Result.UNKNOWN
    assert answer.message.code != "answer.none-in-time"
    assert "done" not in english(answer.message)


async def test_a_flood_is_read_to_its_end_and_kept_to_its_beginning(side: ScriptSide) -> None:
    answer = await run(side, "#!/bin/sh\nhead -c 100000000 /dev/zero; echo error >&2", seconds=30)
    assert answer.result is Result.OK
    assert len(english(answer.message)) < 10_000


async def test_a_secret_is_hidden_in_any_form_in_which_it_comes_back(side: ScriptSide) -> None:
    text = "#!/bin/sh\nprintf %s $TOKEN | tee /dev/stderr | base64\n"
    text += "printf %s $TOKEN | od -An -tx1 | tr -d ' '"
    answer = await run(side, text)
    text = english(answer.message)
    assert answer.result is Result.OK
    assert SECRET not in text
    assert SECRET.encode().hex() not in text
    assert "aHVudGVyMmh1bnRlcjI" not in text
