"""Every directory does the same: one suite, on a real OpenLDAP with ppolicy and a real Keycloak."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_contracts.accounts import Account, Directory, Effect
from desk_contracts.errors import DependencyDown
from desk_intake.adapters.directories.keycloak import KeycloakDirectory
from desk_testing import eventually, keycloak, slapd

from tests.support.authority import Authority
from tests.support.directory_kinds import (
    KeycloakPlace,
    Place,
    make_place,
    slapd_place,
)

# With the start of Keycloak before the first.
pytestmark = pytest.mark.timeout(400)
OLD, NEW = "the old word of ivy", "a new word, long enough"
KINDS = [
    pytest.param("ldap", marks=pytest.mark.skipif(not slapd.is_installed(), reason=slapd.MISSING)),
    pytest.param(
        "keycloak", marks=pytest.mark.skipif(not keycloak.is_installed(), reason=keycloak.MISSING)
    ),
]


@pytest.fixture
def ca_file(keycloak_folder: Path) -> Path:
    return keycloak_folder / "ca.pem"


@pytest.fixture
async def realm(keycloak_server: keycloak.Keycloak) -> KeycloakPlace:
    return await make_place(keycloak_server)


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "ldap":
        async with slapd_place(tmp_path) as made:
            yield made
    else:
        yield await make_place(request.getfixturevalue("keycloak_server"))


async def ivy(directory: Directory) -> Account:
    account = await directory.find_account("ivy")
    assert account is not None
    return account


async def test_an_account_is_found_by_login_and_mail_if_it_is_one_alone(place: Place) -> None:
    for login in ("ivy", "IVY", "ivy@corp.example"):
        account = await place.directory.find_account(login)
        assert account is not None
        # Keycloak keeps mail addresses in small letters.
        assert (account.person, account.mail.lower()) == ("ivy", "ivy@corp.example")
    for login in ("nobody", "twins@corp.example", "*", "ivy)(uid=*", "i*", "iv", "%", ""):
        assert await place.directory.find_account(login) is None, login


async def test_a_new_password_holds_at_once(place: Place) -> None:
    account = await ivy(place.directory)
    assert await place.directory.set_password(account, NEW) is Effect.DONE
    assert await place.signs_in("ivy", NEW) is True
    assert await place.signs_in("ivy", OLD) is False


async def test_a_locked_account_opens_and_keeps_its_password(place: Place) -> None:
    account = await ivy(place.directory)
    assert not await place.directory.is_locked(account)
    for _ in range(3):
        assert await place.signs_in("ivy", "wrong") is False
    assert await place.directory.is_locked(account)
    assert await place.signs_in("ivy", OLD) is False
    assert await place.directory.unlock(account) is Effect.DONE
    assert not await place.directory.is_locked(account)
    assert await place.signs_in("ivy", OLD) is True
    assert await place.directory.unlock(account) is Effect.DONE


async def test_a_new_password_opens_a_locked_account(place: Place) -> None:
    for _ in range(3):
        await place.signs_in("ivy", "wrong")
    assert await place.directory.set_password(await ivy(place.directory), NEW) is Effect.DONE
    assert await place.signs_in("ivy", NEW) is True


async def test_a_no_changes_nothing(place: Place) -> None:
    account = await ivy(place.directory)
    gone = account._replace(id=place.absent)
    assert await place.directory.set_password(gone, NEW) is Effect.REFUSED
    assert await place.signs_in("ivy", OLD) is True


async def test_who_cannot_be_asked_changes_nothing_for_sure(place: Place) -> None:
    account, away = await ivy(place.directory), place.is_away()
    with pytest.raises(DependencyDown):
        await away.find_account("ivy")
    with pytest.raises(DependencyDown):
        await away.set_password(account, NEW)
    assert await place.signs_in("ivy", OLD) is True


async def test_what_was_sent_and_not_answered_is_unknown_and_may_have_happened(
    place: Place,
) -> None:
    account = await ivy(place.directory)
    try:
        assert await place.falls_silent().set_password(account, NEW) is Effect.UNKNOWN
    finally:
        place.resume()

    # slapd has read the change and does it; Keycloak drops what came on a line that is closed.
    async def is_old_or_new() -> bool | None:
        # A wrong password is a failed sign-in, and some of those lock.
        await place.directory.unlock(account)
        return await place.signs_in("ivy", NEW) or await place.signs_in("ivy", OLD)

    await eventually(is_old_or_new, timeout=30)


async def test_a_wrong_word_of_the_desk_itself_is_told_without_it(place: Place) -> None:
    with pytest.raises(DependencyDown) as refused:
        await place.is_refused().find_account("ivy")
    reason = f"{refused.value} {refused.value.__cause__}"
    assert slapd.WORD not in reason
    assert keycloak.SECRET not in reason


@pytest.mark.skipif(not slapd.is_installed(), reason=slapd.MISSING)
async def test_a_device_belongs_to_whom_ldap_says(tmp_path: Path) -> None:
    async with slapd_place(tmp_path) as place:
        for device, owner in (("laptop-ivy", "ivy"), ("laptop-spare", None), ("*", None)):
            assert await place.directory.find_owner(device) == owner


async def test_a_realms_policy_says_no_and_a_disabled_account_is_nobodys(
    realm: KeycloakPlace,
) -> None:
    account = await ivy(realm.directory)
    assert await realm.directory.set_password(account, "too short") is Effect.REFUSED
    assert await realm.signs_in("ivy", OLD) is True
    assert await realm.directory.find_account("gone") is None
    assert await realm.directory.find_owner("laptop-ivy") is None


async def test_a_client_without_rights_changes_nothing_and_says_so(realm: KeycloakPlace) -> None:
    account, powerless = await ivy(realm.directory), realm.is_powerless()
    with pytest.raises(DependencyDown, match="HTTP 403"):
        await powerless.find_account("ivy")
    with pytest.raises(DependencyDown, match="HTTP 403"):
        await powerless.set_password(account, NEW)
    assert await realm.signs_in("ivy", OLD) is True


async def test_no_word_goes_to_a_server_whose_certificate_is_not_believed(
    realm: KeycloakPlace, ca_file: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(Authority("stranger").pem)
    for believed in (stranger, None):
        with pytest.raises(DependencyDown, match="ConnectError"):
            await realm.is_encrypted(believed).find_account("ivy")
    assert await ivy(realm.is_encrypted(ca_file))


async def test_a_realm_knows_people_by_the_id_that_its_tokens_name(realm: KeycloakPlace) -> None:
    by_id = KeycloakDirectory(replace(realm.settings, person="id"))
    account = await ivy(by_id)
    assert account.person == account.id
