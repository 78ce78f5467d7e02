"""A real Keycloak behind intake: accounts are recovered in it, and its tokens sign people in."""

from pathlib import Path

import httpx
import pytest
from desk_testing import eventually
from desk_testing.keycloak import CLIENT, MISSING, SECRET, Keycloak, Realm, is_installed

from tests.support.all_that_is_kept import read_files_of, read_records
from tests.support.intake_around import Bus, Intake, run_intake
from tests.support.notify_channels import Mailbox
from tests.support.recovering import call, relay_settings, token_for

pytestmark = [
    pytest.mark.connected,
    # With the start of Keycloak.
    pytest.mark.timeout(500),
    pytest.mark.skipif(not is_installed(), reason=MISSING),
]
NEW = "a new word of person 0"


@pytest.fixture
async def realms(keycloak_server: Keycloak) -> tuple[Realm, Realm]:
    return await keycloak_server.make_realm("desk"), await keycloak_server.make_realm("other")


def settings_of(realm: Realm) -> dict[str, str]:
    """Accounts and tokens are those of the realm."""
    return {
        "INTAKE_DIRECTORY_KIND": "keycloak",
        "INTAKE_DIRECTORY_HOST": "127.0.0.1",
        "INTAKE_DIRECTORY_PORT": str(httpx.URL(realm.server).port),
        "INTAKE_DIRECTORY_SECURITY": "none",
        "INTAKE_DIRECTORY_BASE": realm.name,
        "INTAKE_DIRECTORY_USER": CLIENT,
        "INTAKE_DIRECTORY_PASSWORD": SECRET,
        "DESK_OIDC_ISSUER": f"{realm.server}/realms/{realm.name}",
        "DESK_OIDC_ROLES_CLAIM": "realm_access.roles",
    }


async def list_own(at: Intake, signed_in: httpx.Response) -> httpx.Response:
    token = signed_in.raise_for_status().json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=at.url, timeout=60, headers=headers) as client:
        return await client.get("/v1/tickets")


async def test_accounts_of_a_real_keycloak_are_recovered_and_its_tokens_sign_people_in(
    realms: tuple[Realm, Realm],
    bus: Bus,
    store_url: str,
    mails: tuple[Mailbox, int],
    tmp_path: Path,
) -> None:
    (realm, other), log = realms, tmp_path / "intake.log"
    own = settings_of(realm) | relay_settings(mails[1])
    async with run_intake(bus, store_url, log, "600", **own) as intake:
        token = await token_for(mails[0], intake, "person-0")
        answer = await call(intake, "/redeem", token=token, password=NEW)
        assert answer.json()["outcome"] == "done"
        assert not await realm.signs_in("person-0", "the old word of person-0")

        unlocking = await token_for(mails[0], intake, "person-1", "unlock")
        assert [await realm.signs_in("person-1", "wrong") for _ in range(3)] == [False] * 3
        assert not await realm.signs_in("person-1", "the old word of person-1")
        answer = await call(intake, "/redeem", token=unlocking, kind="unlock")
        assert answer.json()["outcome"] == "done"
        assert await realm.signs_in("person-1", "the old word of person-1")

        # The new password signs in, and the recovery's ticket is that of who has signed in.
        signed_in = await realm.ask_token("person-0", NEW)

        async def has_ticket() -> list[object]:
            answer = await list_own(intake, signed_in)
            return list(answer.raise_for_status().json()["items"])

        assert len(await eventually(has_ticket, timeout=60)) == 1
        for stranger in (
            await other.ask_token("person-0", "the old word of person-0"),
            await realm.ask_token("person-0", NEW, "admin-cli"),
        ):
            assert (await list_own(intake, stranger)).status_code == httpx.codes.UNAUTHORIZED
    records = await read_records(bus.kafka, bus.prefix)
    kept = [log.read_bytes(), *records, *read_files_of(store_url, bus.prefix)]
    assert len(records) > 2
    for secret in (NEW, SECRET, token.partition(".")[2], unlocking.partition(".")[2]):
        assert not [text for text in kept if secret.encode() in text]
