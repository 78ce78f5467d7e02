"""What only SSH has, on a real sshd: host keys, quoting, floods, and lines that break."""

import asyncio
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
from desk_automation.actions.answer import Answer, Result
from desk_automation.adapters.executors.http_reply import MAX_ANSWER
from desk_automation.adapters.executors.ssh import SshAction
from desk_testing import eventually

from tests.support.executor_machines import SshSide, ssh_side
from tests.support.executor_sides import execute
from tests.support.spoken import english
from tests.support.sshd import HOST, MISSING, host_line, is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason=MISSING)


@pytest.fixture
async def side() -> AsyncIterator[SshSide]:
    async with ssh_side() as made:
        yield made


def other_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


async def test_no_key_is_believed_but_those_of_the_runbook(side: SshSide) -> None:
    place = f"[{HOST}]:{side.server.port}"
    wrong = host_line(place, other_key())
    elsewhere = host_line("elsewhere.example", side.server.host_key)
    revoked = host_line(place, side.server.host_key, "@revoked ")
    for lines in [(wrong,), (elsewhere,), (revoked, side.server.known_host)]:
        answer = await execute(side, side.command("true", host_keys=lines))
        assert (answer.result, answer.is_sent) == (Result.REFUSED, False)
        assert answer.message.code == "answer.other-host-key"
    assert (
        await execute(side, side.command("true", host_keys=(wrong, side.server.known_host)))
    ).is_sent


async def test_many_hosts_share_a_line_of_their_authority(side: SshSide) -> None:
    authority = other_key()
    signed = authority.generate_host_certificate(side.server.host_key, "host", principals=[HOST])
    certificate = side.server.folder / "host-cert.pub"
    certificate.write_bytes(signed.export_certificate())
    side.server.stop()
    config = side.server.folder / "sshd_config"
    config.write_text(f"{config.read_text()}HostCertificate {certificate}\n")
    await side.server.start()
    line = host_line("127.0.0.*", authority, "@cert-authority ")
    assert (await execute(side, side.command("true", host_keys=(line,)))).result is Result.OK
    stranger = host_line("127.0.0.*", other_key(), "@cert-authority ")
    refused = await execute(side, side.command("true", host_keys=(stranger,)))
    assert refused.message.code == "answer.other-host-key"


async def test_a_key_that_does_not_sign_in_sends_nothing(side: SshSide) -> None:
    stranger = other_key().export_private_key().decode()
    secrets = side.program.folder / "secrets"
    (secrets / "stranger").write_text(stranger)
    (secrets / "no-key").write_text("nothing of the kind")
    for name, code in [
        ("stranger", "answer.not-signed-in"),
        ("no-key", "answer.bad-secret"),
        ("missing", "answer.no-secret"),
    ]:
        answer = await execute(side, side.command("true", key=name))
        assert (answer.result, answer.is_sent, answer.message.code) == (
            Result.REFUSED,
            False,
            code,
        )
        assert "PRIVATE" not in english(answer.message)


@pytest.mark.parametrize(
    "value",
    [
        "; touch {0}",
        "$(touch {0})",
        "`touch {0}`",
        "' && touch {0} #",
        "a\\' ; touch {0}",
        "* ?",
        "-n",
    ],
)
async def test_an_argument_stays_one_whatever_it_says(side: SshSide, value: str) -> None:
    trap = side.program.folder / "effects" / "trap"
    text = value.format(trap)
    action = side.command("printf", "<%s>", text)
    answer = await execute(side, action, expect="response.body == 'x'")
    assert f"<{text}>" in english(answer.message)
    assert side.effects() == 0


async def test_a_flood_is_read_to_its_end_and_kept_to_its_beginning(side: SshSide) -> None:
    flood = side.command("head", "-c", "100000000", "/dev/zero")
    answer = await execute(side, flood, seconds=60)
    assert answer.result is Result.OK
    assert len(english(answer.message)) < MAX_ANSWER
    other = await execute(side, flood, seconds=60, expect="response.body == 'x'")
    assert other.result is Result.UNKNOWN


async def test_an_endless_flood_ends_with_the_timeout(side: SshSide) -> None:
    answer = await execute(side, side.command("yes"), seconds=2)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)


async def begin(side: SshSide, action: SshAction) -> "asyncio.Task[Answer]":
    """A command whose effect has taken place, and that has not answered."""
    task = asyncio.create_task(execute(side, action, seconds=30))

    async def has_begun() -> bool:
        return side.effects() == 1

    await eventually(has_begun, timeout=20)
    return task


async def test_a_line_that_breaks_after_the_effect_is_in_doubt(side: SshSide) -> None:
    side.fall_silent()
    task = await begin(side, side.command(str(side.program.path), "key-1"))
    side.server.kill_sessions()
    answer = await asyncio.wait_for(task, 20)
    assert (answer.result, answer.is_sent) == (Result.UNKNOWN, True)


async def test_a_command_that_is_killed_on_the_far_side_is_in_doubt(side: SshSide) -> None:
    answer = await execute(side, side.command("sh", "-c", "echo half; kill -9 $$"))
    assert answer.result is Result.UNKNOWN


@pytest.mark.parametrize(
    ("code", "result"),
    [(0, Result.OK), (3, Result.REFUSED), (75, Result.NOT_TAKEN), (1, Result.UNKNOWN)],
)
async def test_only_what_the_runbook_names_is_no_effect(
    side: SshSide, code: int, result: Result
) -> None:
    action = side.command("sh", "-c", f"exit {code}", later=(75,))
    assert (await execute(side, action)).result is result


async def test_a_question_is_judged_by_code_and_output(side: SshSide) -> None:
    action = side.command("echo", '{"free": 40}')
    good = await execute(side, action, expect="response.status == 0 && response.body.free > 30")
    assert (good.result, good.is_met) == (Result.OK, True)
    bad = await execute(side, side.command("false"), expect="response.status == 0")
    assert (bad.result, bad.is_met) == (Result.OK, False)


async def test_a_server_that_is_not_there_took_nothing(side: SshSide) -> None:
    side.server.stop()
    answer = await execute(side, side.command("true"))
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)


async def test_a_machine_that_no_list_names_is_not_called(side: SshSide) -> None:
    for host in ["169.254.169.254", "10.0.0.1", "example.com", "localhost"]:
        answer = await execute(side, side.command("true", host=host))
        assert (answer.result, answer.message.code) == (Result.REFUSED, "answer.not-allowed")


async def test_nothing_of_this_machines_user_is_used(
    side: SshSide, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / ".ssh" / "config"
    config.parent.mkdir()
    config.write_text("Host *\n  ProxyCommand false\n  Port 1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent")
    assert (await execute(side, side.command("true"))).result is Result.OK


async def test_what_people_are_shown_can_be_pasted_into_a_shell(side: SshSide) -> None:
    shown = side.command("rm", "-f", "a file").summarize()
    assert shlex.split(shown)[-3:] == ["rm", "-f", "a file"]
