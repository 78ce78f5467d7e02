"""A real directory, a real mail server, two replicas: a token is used once, and no secret stays."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from desk_contracts.events.tickets import TicketAssigned, TicketOpened, TicketResolved
from desk_testing import eventually
from desk_testing.processes import environment
from desk_testing.slapd import ADMIN, BASE, MISSING, WORD, Slapd, is_installed

from tests.support.all_that_is_kept import read_files_of, read_records
from tests.support.intake_around import Bus, Intake
from tests.support.notify_channels import Mailbox
from tests.support.recovering import call, relay_settings, token_for

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not is_installed(), reason=MISSING),
]


@pytest.fixture
async def slapd(tmp_path: Path) -> AsyncIterator[Slapd]:
    server = await Slapd.begin(tmp_path / "slapd")
    yield server
    server.stop()


@pytest.fixture
async def pair(
    kafka: str,
    store_url: str,
    bus: Bus,
    slapd: Slapd,
    mails: tuple[Mailbox, int],
    tmp_path: Path,
) -> AsyncIterator[tuple[Intake, Intake]]:
    """Two replicas of intake with that directory."""
    own = environment(
        kafka,
        store_url,
        bus.prefix,
        INTAKE_DIRECTORY_HOST="127.0.0.1",
        INTAKE_DIRECTORY_PORT=str(slapd.port),
        INTAKE_DIRECTORY_SECURITY="none",
        INTAKE_DIRECTORY_BASE=BASE,
        INTAKE_DIRECTORY_USER=ADMIN,
        INTAKE_DIRECTORY_PASSWORD=WORD,
    )
    env = own | relay_settings(mails[1])
    replicas = tuple(Intake("intake", env, tmp_path / f"{name}.log") for name in ("a", "b"))
    for replica in replicas:
        await replica.start()
    yield replicas[0], replicas[1]
    for replica in replicas:
        replica.stop()


async def test_of_many_uses_of_a_token_one_changes_the_real_entry_and_nothing_tells(
    pair: tuple[Intake, Intake],
    slapd: Slapd,
    mails: tuple[Mailbox, int],
    bus: Bus,
    store_url: str,
) -> None:
    first, second = pair
    token = await token_for(mails[0], first, "person-0")
    words = [f"a new word of rival {number}" for number in range(6)]
    answers = await asyncio.gather(
        *(
            call(pair[number % 2], "/redeem", token=token, password=word)
            for number, word in enumerate(words)
        )
    )
    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200, 403, 403, 403, 403, 403]
    won = codes.index(200)
    assert answers[won].json()["outcome"] == "done"
    # Wrong words would lock the account, so the others are known by the history's length.
    assert slapd.signs_in("person-0", words[won]) is True
    assert slapd.changes_of("person-0") == 1

    unlocking = await token_for(mails[0], second, "person-1", "unlock")
    for _ in range(3):
        slapd.signs_in("person-1", "wrong")
    assert slapd.signs_in("person-1", "the old word of person 1") is False
    answer = await call(first, "/redeem", token=unlocking, kind="unlock")
    assert answer.json()["outcome"] == "done"
    assert slapd.signs_in("person-1", "the old word of person 1") is True

    resolved = await eventually(lambda: _resolved(bus), timeout=60)
    assert resolved == {"person-0": "self_service", "person-1": "self_service"}
    secrets = [*words, token.partition(".")[2], unlocking.partition(".")[2], WORD]
    await _find_nowhere(secrets, pair, bus, store_url)


async def _find_nowhere(
    secrets: list[str], pair: tuple[Intake, Intake], bus: Bus, store_url: str
) -> None:
    """No secret is in any topic, embedded store, log or metric."""
    places = [await _metrics(at) for at in pair]
    for replica in pair:
        replica.stop()
        places.append(replica.log.read_bytes())
    records = await read_records(bus.kafka, bus.prefix)
    assert len(records) > 2
    for place in (*places, *records, *read_files_of(store_url, bus.prefix)):
        assert not [secret for secret in secrets if secret.encode() in place]


async def _resolved(bus: Bus) -> dict[str, str]:
    events = await bus.read()
    people = {it.subject: it.data.requester for it in events if isinstance(it.data, TicketOpened)}
    done = {
        people[it.subject]: str(it.data.how) for it in events if isinstance(it.data, TicketResolved)
    }
    return done if len(done) == 2 else {}


async def _metrics(at: Intake) -> bytes:
    async with httpx.AsyncClient(base_url=at.url, timeout=60) as client:
        return (await client.get("/metrics")).content


async def test_a_replica_that_is_killed_leaves_no_token_to_use_twice(
    pair: tuple[Intake, Intake], slapd: Slapd, mails: tuple[Mailbox, int], bus: Bus
) -> None:
    """Kills at any moment of a use; what came of it is told as what is known, and by a ticket."""
    dying, living = pair
    chance = random.Random(17)  # noqa: S311 (moments of kills, no secrets)
    for number in range(5):
        person = f"person-{number}"
        token = await token_for(mails[0], living, person)
        use = asyncio.create_task(
            call(dying, "/redeem", token=token, password=f"{person} by the first")
        )
        await asyncio.wait({use}, timeout=chance.uniform(0.0, 0.12))  # the moment of the kill
        dying.kill()
        first = (await asyncio.gather(use, return_exceptions=True))[0]
        second = await call(living, "/redeem", token=token, password=f"{person} by another")
        successes = sum(_is_done(it) for it in (first, second))
        assert successes <= slapd.changes_of(person) <= 1
        await dying.start()
    changed = {person for person in map("person-{}".format, range(5)) if slapd.changes_of(person)}

    outcomes = await eventually(lambda: _outcomes(bus, changed), timeout=150)
    assert {person for person, outcome in outcomes.items() if outcome == "done"} <= changed


def _is_done(answer: httpx.Response | BaseException) -> bool:
    if not isinstance(answer, httpx.Response) or answer.status_code != 200:
        return False
    return bool(answer.json()["outcome"] == "done")


async def _outcomes(bus: Bus, changed: set[str]) -> dict[str, str]:
    """For each who used a token, how their ticket stands; empty until all who must have one do."""
    events = await bus.read()
    people = {it.subject: it.data.requester for it in events if isinstance(it.data, TicketOpened)}
    outcomes: dict[str, str] = {}
    for event in events:
        if isinstance(event.data, TicketAssigned):
            outcomes[people[event.subject]] = "in doubt"
        if isinstance(event.data, TicketResolved):
            outcomes[people[event.subject]] = "done"
    return outcomes if outcomes.keys() >= changed else {}
