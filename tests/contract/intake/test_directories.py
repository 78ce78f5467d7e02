"""Every directory does the same: one suite. Today on a real OpenLDAP with ppolicy."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_contracts.accounts import Account, Directory, Effect
from desk_contracts.errors import DependencyDown
from desk_platform.directories.ldap import LdapDirectory
from desk_testing import eventually
from desk_testing.slapd import MISSING, Slapd, is_installed
from ldap3 import Connection

pytestmark = pytest.mark.skipif(not is_installed(), reason=MISSING)
OLD, NEW = "the old word of ivy", "a new word, long enough"


@pytest.fixture
async def slapd(tmp_path: Path) -> AsyncIterator[Slapd]:
    server = await Slapd.begin(tmp_path / "slapd")
    yield server
    server.stop()


@pytest.fixture
def directory(slapd: Slapd) -> Directory:
    return LdapDirectory(slapd.settings())


async def ivy(directory: Directory) -> Account:
    account = await directory.find_account("ivy")
    assert account is not None
    return account


@pytest.mark.parametrize("login", ["ivy", "IVY", "ivy@corp.example"])
async def test_an_account_is_found_by_login_and_mail(directory: Directory, login: str) -> None:
    account = await directory.find_account(login)
    assert account is not None
    assert (account.person, account.mail) == ("ivy", "Ivy@corp.example")


@pytest.mark.parametrize("login", ["nobody", "twins@corp.example", "*", "ivy)(uid=*", "i*", ""])
async def test_what_is_nobodys_or_several_is_nobodys(directory: Directory, login: str) -> None:
    assert await directory.find_account(login) is None


async def test_a_new_password_holds_at_once(directory: Directory, slapd: Slapd) -> None:
    assert await directory.set_password(await ivy(directory), NEW) is Effect.DONE
    assert (slapd.signs_in("ivy", NEW), slapd.signs_in("ivy", OLD)) == (True, False)


async def test_a_locked_account_opens_and_keeps_its_password(
    directory: Directory, slapd: Slapd
) -> None:
    account = await ivy(directory)
    for _ in range(3):
        assert slapd.signs_in("ivy", "wrong") is False
    assert slapd.signs_in("ivy", OLD) is False
    assert await directory.unlock(account) is Effect.DONE
    assert slapd.signs_in("ivy", OLD) is True
    assert await directory.unlock(account) is Effect.DONE


async def test_a_new_password_opens_a_locked_account(directory: Directory, slapd: Slapd) -> None:
    for _ in range(3):
        slapd.signs_in("ivy", "wrong")
    assert await directory.set_password(await ivy(directory), NEW) is Effect.DONE
    assert slapd.signs_in("ivy", NEW) is True


async def test_a_no_changes_nothing(directory: Directory, slapd: Slapd) -> None:
    account = await ivy(directory)
    gone = account._replace(id=account.id.replace("ivy", "gone"))
    assert await directory.set_password(gone, NEW) is Effect.REFUSED
    assert slapd.signs_in("ivy", OLD) is True


async def test_who_cannot_be_asked_changes_nothing_for_sure(
    directory: Directory, slapd: Slapd
) -> None:
    account = await ivy(directory)
    slapd.stop()
    with pytest.raises(DependencyDown):
        await directory.find_account("ivy")
    with pytest.raises(DependencyDown):
        await directory.set_password(account, NEW)
    await slapd.start()
    assert slapd.signs_in("ivy", OLD) is True


class PausesServer(LdapDirectory):
    """The server takes the change and answers no more."""

    def __init__(self, slapd: Slapd) -> None:
        super().__init__(replace(slapd.settings(), timeout_s=1))
        self._slapd = slapd

    def _connect(self) -> Connection:
        line = super()._connect()
        self._slapd.pause()
        return line


async def test_what_was_sent_and_not_answered_is_unknown_and_may_have_happened(
    directory: Directory, slapd: Slapd
) -> None:
    account = await ivy(directory)
    assert await PausesServer(slapd).set_password(account, NEW) is Effect.UNKNOWN
    slapd.resume()

    async def is_new() -> bool | None:
        return slapd.signs_in("ivy", NEW)

    await eventually(is_new, timeout=30)


async def test_a_wrong_word_of_the_desk_itself_is_told_without_it(slapd: Slapd) -> None:
    other = LdapDirectory(replace(slapd.settings(), user="cn=stranger,dc=corp,dc=example"))
    with pytest.raises(DependencyDown) as refused:
        await other.find_account("ivy")
    assert "own word" not in str(refused.value)


@pytest.mark.parametrize(
    ("device", "owner"), [("laptop-ivy", "ivy"), ("laptop-spare", None), ("*", None)]
)
async def test_a_device_belongs_to_whom_the_directory_says(
    directory: Directory, device: str, owner: str | None
) -> None:
    assert await directory.find_owner(device) == owner
