"""What only directories have, on a real slapd: locks, worthless passwords, what is not known."""

from collections.abc import AsyncIterator

import pytest
from desk_automation.actions.answer import Result
from desk_testing import eventually
from desk_testing.slapd import MISSING, WORD, is_installed

from tests.support.executor_machines import DirectorySide, directory_side
from tests.support.executor_sides import attempt_of, execute
from tests.support.spoken import english

pytestmark = pytest.mark.skipif(not is_installed(), reason=MISSING)
OLD = "the old word of ivy"


@pytest.fixture
async def side() -> AsyncIterator[DirectorySide]:
    async with directory_side() as made:
        yield made


async def test_a_lock_is_lifted_and_the_password_stays(side: DirectorySide) -> None:
    ask = side.change("status")
    assert (await execute(side, ask, expect="response.body.locked")).is_met
    assert (await execute(side)).result is Result.OK
    assert side.server.signs_in("ivy", OLD) is True
    assert not (await execute(side, ask, expect="response.body.locked")).is_met
    assert (await execute(side)).result is Result.OK


async def test_a_reset_makes_the_old_password_worthless(side: DirectorySide) -> None:
    answer = await execute(side, side.change("reset"))
    assert answer.result is Result.OK
    assert (side.server.signs_in("ivy", OLD), side.server.changes_of("ivy")) == (False, 1)


@pytest.mark.parametrize("login", ["nobody", "twins@corp.example", "*", "ivy)(uid=*"])
async def test_an_account_that_is_none_or_several_is_not_changed(
    side: DirectorySide, login: str
) -> None:
    answer = await execute(side, side.change(login=login))
    assert (answer.result, answer.is_sent) == (Result.REFUSED, False)
    ask = side.change("status", login=login)
    answer = await execute(side, ask, expect="response.status == 404")
    assert (answer.result, answer.is_met) == (Result.OK, True)


async def test_a_server_that_is_not_there_changed_nothing(side: DirectorySide) -> None:
    side.server.stop()
    answer = await execute(side)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    await side.server.start()
    assert side.effects() == 0


async def test_what_connects_too_late_changes_nothing_afterwards(side: DirectorySide) -> None:
    """The thread goes on when its attempt was answered, and finds the way closed."""
    side.is_slow = True
    answer = await execute(side, seconds=3)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    side.is_slow = False
    side.server.resume()

    async def has_come_to_it() -> bool:
        return side.asks == 1

    await eventually(has_come_to_it, timeout=10)
    # Whatever it sent would have come before this question.
    ask = side.change("status")
    assert (await execute(side, ask, expect="response.body.locked")).is_met
    assert side.effects() == 0


async def test_the_desks_own_password_is_in_no_message(side: DirectorySide) -> None:
    place = side.folder / "secrets" / "directory"
    place.write_text("a wrong word")
    refused = await execute(side)
    assert (refused.result, refused.is_sent) == (Result.NOT_TAKEN, False)
    assert "wrong word" not in english(refused.message)
    place.write_text(WORD)
    assert (await execute(side)).result is Result.OK
    assert WORD not in attempt_of(side).call.model_dump_json()


async def test_a_server_that_no_list_names_is_not_asked(side: DirectorySide) -> None:
    answer = await execute(side, side.change(server="10.0.0.1"))
    assert (answer.result, answer.message.code) == (Result.REFUSED, "answer.not-allowed")


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_protected_line_needs_a_certificate_that_is_believed(
    side: DirectorySide, security: str
) -> None:
    port = side.server.secure_port if security == "tls" else side.server.port
    for ca in ["stranger", None]:
        action = side.change(security=security, port=port, ca=ca)
        answer = await execute(side, action)
        assert (answer.result, answer.is_sent, side.effects()) == (Result.NOT_TAKEN, False, 0)
    action = side.change(security=security, port=port, ca="directory-ca")
    assert (await execute(side, action)).result is Result.OK
    assert side.effects() == 1
