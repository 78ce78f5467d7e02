"""People who cannot sign in: who may ask how often, when a token is good, what is said after."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from desk_charter import Charter
from desk_contracts.accounts import Account, Effect
from desk_contracts.errors import DependencyDown
from desk_intake.adapters.couriers.reported import ReportedCourier
from desk_intake.adapters.directories.reported import ReportedDirectory
from desk_intake.recovery import decide
from desk_intake.recovery.api import RecoveryDeps, recovery_router
from desk_intake.recovery.model import AskQueue, Kind, Phase, Recovery, digest_of, recovery_of
from desk_intake.recovery.store import ASKS, RECOVERIES
from desk_intake.recovery.worker import Recoveries, RecoveryWorker
from desk_platform.health import Health, State, UsageReport
from desk_platform.http import AppParts, DevAuthenticator, make_app
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.settings import Environment
from desk_testing.fakes import FakeDocuments, FakePublisher

from tests.support.intake_world import CLOSE_AFTER, MONDAY, Desk, make_desk

IVY = Account("uid=ivy,dc=corp", "ivy", "ivy@corp.example", "ivy")
NEW = "a new word, long enough"


@dataclass
class People:
    """A directory of one person, which does what a test says."""

    passwords: dict[str, str] = field(default_factory=dict)
    unlocked: list[str] = field(default_factory=list)
    acts: Callable[[], Effect] = lambda: Effect.DONE
    is_away: bool = False

    async def find_account(self, login: str) -> Account | None:
        self._be_there()
        return IVY if login in ("ivy", IVY.mail) else None

    async def is_locked(self, account: Account) -> bool:
        self._be_there()
        return account.person not in self.unlocked

    async def set_password(self, account: Account, password: str) -> Effect:
        self._be_there()
        if (effect := self.acts()) is not Effect.REFUSED:
            self.passwords[account.person] = password
        return effect

    async def unlock(self, account: Account) -> Effect:
        self._be_there()
        self.unlocked.append(account.person)
        return self.acts()

    async def find_owner(self, device: str) -> str | None:
        return "ivy" if device == "laptop-ivy" else None

    def _be_there(self) -> None:
        if self.is_away:
            raise DependencyDown("the directory is away", dependency="directory")


@dataclass
class Post:
    """What was brought, newest last."""

    tokens: list[str] = field(default_factory=list)
    is_away: bool = False

    async def deliver(self, account: Account, kind: Kind, token: str, language: str) -> None:
        if self.is_away:
            raise DependencyDown("the mail server is away", dependency="smtp")
        assert (account.mail, kind in token, language) == (IVY.mail, False, "en")
        self.tokens.append(token)


@dataclass
class World:
    """Recovery with everything outside replaced."""

    desk: Desk
    people: People
    post: Post
    asks: FakeDocuments[AskQueue]
    recoveries: FakeDocuments[Recovery]
    worker: RecoveryWorker
    client: httpx.AsyncClient
    health: Health

    def read_health(self) -> dict[str, State]:
        return {item.name: item.state for item in self.health.components()}

    async def ask(self, account: str = "ivy", kind: str = "password") -> httpx.Response:
        body = {"account": account, "kind": kind}
        return await self.client.post("/v1/account-recoveries", json=body)

    async def redeem(self, token: str, password: str = NEW, **more: Any) -> httpx.Response:
        body = {"token": token, "password": password, **more}
        return await self.client.post("/v1/account-recoveries/redeem", json=body)

    async def pass_time(self, pause: timedelta = timedelta(seconds=1)) -> None:
        """Timers fire, as `Timers` does it."""
        self.desk.clock.advance(pause)
        jobs: list[tuple[FakeDocuments[Any], Callable[..., Awaitable[None]]]] = [
            (self.asks, self.worker.on_asks),
            (self.recoveries, self.worker.on_recoveries),
        ]
        for documents, act in jobs:
            due = await documents.due(self.desk.clock.now(), 100)
            await act([id for _, id in due], None)

    async def recovery(self, kind: Kind = "password") -> Recovery:
        id = recovery_of(IVY, kind)
        state = (await self.recoveries.load([id]))[id].state
        assert state is not None
        return state


def queue(documents: FakeDocuments[Any], desk: Desk) -> CommandQueue[Any]:
    meters = desk.telemetry.telemetry.meters
    unit_of_work = UnitOfWork(Projection(documents), FakePublisher(), desk.clock, meters, cached=0)
    return CommandQueue(unit_of_work)


@pytest.fixture
def world(charter: Charter) -> World:
    desk, people, post = make_desk(charter), People(), Post()
    asks = FakeDocuments(ASKS, desk.clock)
    recoveries = FakeDocuments(RECOVERIES, desk.clock)
    health = Health(desk.clock)
    around = Recoveries(
        asks=queue(asks, desk),
        recoveries=queue(recoveries, desk),
        tickets=CommandQueue(desk.unit_of_work),
        directory=ReportedDirectory(people, UsageReport(health, "directory")),
        courier=ReportedCourier(post, UsageReport(health, "mail relay")),
        clock=desk.clock,
        charter=lambda: charter,
        close_after=CLOSE_AFTER,
    )
    worker = RecoveryWorker(around)
    router = recovery_router(RecoveryDeps(around.asks, worker))
    parts = AppParts(
        health,
        desk.telemetry.telemetry,
        DevAuthenticator(Environment.LOCAL),
        desk.clock,
        organisation=lambda: charter,
    )
    transport = httpx.ASGITransport(app=make_app("recovery", [router], parts))
    client = httpx.AsyncClient(transport=transport, base_url="http://desk")
    return World(desk, people, post, asks, recoveries, worker, client, health)


async def test_known_and_unknown_accounts_get_one_answer_and_as_many_writes(world: World) -> None:
    existing, unknown = await world.ask("ivy"), await world.ask("nobody")
    assert (existing.status_code, existing.json()) == (unknown.status_code, unknown.json())
    assert (existing.status_code, world.post.tokens) == (202, [])
    await world.pass_time()
    assert len(world.post.tokens) == 1
    queues = [item.state for item in await world.asks.find({}) if item.state is not None]
    assert not any(queue.waiting for queue in queues)
    assert sum(queue.writes for queue in queues) == 2 * 2, "two for each ask"


async def test_a_token_works_once_and_the_ticket_says_so(world: World) -> None:
    await world.ask("IVY@corp.example")
    await world.pass_time()
    [token] = world.post.tokens
    answer = await world.redeem(token)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "done")
    assert world.people.passwords == {"ivy": NEW}
    again = await world.redeem(token, "another word, long enough")
    assert (again.status_code, again.json()["code"]) == (403, "token-not-good")
    await world.pass_time()
    ticket = await world.desk.ticket(decide.ticket_of(await world.recovery()))
    assert (ticket.requester, ticket.how, ticket.state) == ("ivy", "self_service", "resolved")


async def test_an_unlock_changes_no_password(world: World) -> None:
    await world.ask(kind="unlock")
    await world.pass_time()
    [token] = world.post.tokens
    assert (await world.redeem(token)).status_code == 403  # the token is for something else
    assert (await world.redeem(token, "", kind="unlock")).json()["outcome"] == "done"
    assert (world.people.unlocked, world.people.passwords) == (["ivy"], {})


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", f"{recovery_of(IVY, 'password')}.guess"])
async def test_every_bad_token_gets_one_answer(world: World, token: str) -> None:
    await world.ask()
    await world.pass_time()
    answer = await world.redeem(token)
    assert (answer.status_code, answer.json()["code"]) == (403, "token-not-good")


async def test_a_token_grows_old_and_a_newer_one_replaces_it(world: World) -> None:
    await world.ask()
    await world.pass_time()
    await world.ask()
    await world.pass_time()
    old, new = world.post.tokens
    assert (await world.redeem(old)).status_code == 403
    world.desk.clock.advance(decide.VALID)
    assert (await world.redeem(new)).status_code == 403
    assert world.people.passwords == {}


async def test_an_account_is_asked_for_so_often_only(world: World) -> None:
    answers = [await world.ask() for _ in range(decide.PER_ACCOUNT + 2)]
    assert {(it.status_code, it.text) for it in answers} == {(202, answers[0].text)}
    await world.pass_time()
    assert len(world.post.tokens) == decide.PER_ACCOUNT
    await world.pass_time(decide.WINDOW)
    await world.ask()
    await world.pass_time()
    assert len(world.post.tokens) == decide.PER_ACCOUNT + 1


async def test_an_address_calls_so_often_only_whatever_it_asks_for(world: World) -> None:
    answers = [await world.ask(f"person-{n}") for n in range(decide.PER_ADDRESS + 1)]
    assert [it.status_code for it in answers] == [202] * decide.PER_ADDRESS + [429]
    assert "Retry-After" in answers[-1].headers


@pytest.mark.parametrize("password", ["short", "a" * 20, "x" * 257, "abcabcabcabcabcabc"])
async def test_a_weak_password_costs_no_token_and_is_not_repeated(
    world: World, password: str
) -> None:
    await world.ask()
    await world.pass_time()
    [token] = world.post.tokens
    answer = await world.redeem(token, password)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/password")
    assert password not in answer.text
    assert (await world.redeem(token)).status_code == 200


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("abcde" * 2 + "abcd", "field.password-too-short"),
        ("abcde" * 3, None),
        ("abcde" * 51 + "a", None),
        ("abcde" * 51 + "ab", "field.password-too-long"),
        ("abcd" * 4, "field.password-guessable"),
        ("abcdA" * 4, "field.password-guessable"),
    ],
)
def test_a_password_has_fifteen_to_256_characters_and_five_different_ones(
    password: str, code: str | None
) -> None:
    why = decide.why_no_password(password)
    assert (why and why.code) == code


@pytest.mark.parametrize(("tries", "good"), [(0, True), (4, True), (5, False)])
def test_a_token_that_the_directory_refused_is_good_for_five_tries(tries: int, good: bool) -> None:
    issued = _using(MONDAY).model_copy(
        update={"phase": Phase.ISSUED, "digest": digest_of("secret"), "tries": tries}
    )
    before, after = issued.expires_at - timedelta(microseconds=1), issued.expires_at
    assert decide.is_good(issued, "secret", "password", before) is good
    assert not decide.is_good(issued, "secret", "password", after)
    claimed = decide.claim(issued, "secret", "password", "me", MONDAY)
    assert (claimed and claimed.state.tries) == (tries + 1 if good else None)


async def test_the_directorys_no_changes_nothing_and_another_try_is_free(world: World) -> None:
    await world.ask()
    await world.pass_time()
    [token] = world.post.tokens
    world.people.acts = lambda: Effect.REFUSED
    assert (await world.redeem(token)).status_code == 422
    world.people.acts = lambda: Effect.DONE
    assert (await world.redeem(token)).json()["outcome"] == "done"


async def test_a_directory_that_is_away_costs_no_token(world: World) -> None:
    await world.ask()
    world.people.is_away = True
    await world.pass_time()
    assert world.post.tokens == []
    world.people.is_away = False
    world.post.is_away = True
    await world.pass_time(timedelta(seconds=6))
    world.post.is_away = False
    await world.pass_time(timedelta(seconds=6))
    [token] = world.post.tokens
    world.people.is_away = True
    assert (await world.redeem(token)).status_code == 503
    world.people.is_away = False
    assert (await world.redeem(token)).json()["outcome"] == "done"


async def test_health_knows_directory_and_relay_from_their_last_use_only(world: World) -> None:
    unknown, ready, degraded = State.UNKNOWN, State.READY, State.DEGRADED
    assert world.read_health() == {"directory": unknown, "mail relay": unknown}
    world.people.is_away = True
    await world.ask()
    await world.pass_time()
    assert world.read_health() == {"directory": degraded, "mail relay": unknown}
    world.people.is_away, world.post.is_away = False, True
    await world.pass_time(timedelta(seconds=6))
    assert world.read_health() == {"directory": ready, "mail relay": degraded}
    world.post.is_away = False
    await world.pass_time(timedelta(seconds=6))
    assert world.read_health() == {"directory": ready, "mail relay": ready}
    assert world.health.answer_ready().is_ok
    world.people.acts = lambda: Effect.UNKNOWN
    await world.redeem(world.post.tokens[-1])
    assert world.read_health() == {"directory": degraded, "mail relay": ready}
    assert world.health.answer_ready().is_ok, "people are served in every other way"


async def test_what_nobody_knows_is_said_so_and_given_to_a_team(world: World) -> None:
    await world.ask()
    await world.pass_time()
    [token] = world.post.tokens
    world.people.acts = lambda: Effect.UNKNOWN
    assert (await world.redeem(token)).json()["outcome"] == "unknown"
    assert (await world.redeem(token)).status_code == 403
    await world.pass_time()
    ticket = await world.desk.ticket(decide.ticket_of(await world.recovery()))
    assert (ticket.team, ticket.state, ticket.how) == ("identity", "assigned", None)


async def test_a_use_that_died_is_in_doubt_and_never_repeated(world: World) -> None:
    await world.ask()
    await world.pass_time()
    [token] = world.post.tokens

    def die() -> Effect:
        raise RuntimeError("killed")

    world.people.acts = die
    assert (await world.redeem(token)).status_code == 500
    world.people.acts = lambda: Effect.DONE
    assert (await world.redeem(token)).status_code == 403
    await world.pass_time(decide.USING + timedelta(seconds=1))
    assert (await world.recovery()).phase is Phase.IN_DOUBT
    ticket = await world.desk.ticket(decide.ticket_of(await world.recovery()))
    assert ticket.team == "identity"


def test_an_answer_that_comes_after_all_corrects_the_doubt() -> None:
    later = MONDAY + decide.USING
    using = _using(MONDAY)
    doubt = decide.give_up(using, later)
    assert doubt is not None
    assert doubt.state.phase is Phase.IN_DOUBT
    assert decide.release(doubt.state, "other", Effect.DONE, later) is None
    assert decide.release(doubt.state, "me", Effect.REFUSED, later) is None
    done = decide.release(doubt.state, "me", Effect.DONE, later)
    assert done is not None
    assert (done.state.phase, done.state.is_recorded) == (Phase.DONE, False)
    assert decide.mark_recorded(done.state, Phase.IN_DOUBT) is None, "its ticket says another end"
    recorded = decide.mark_recorded(done.state, Phase.DONE)
    assert recorded is not None
    assert recorded.state.is_recorded


def _using(at: datetime) -> Recovery:
    return Recovery(
        id="r-1",
        account=IVY.id,
        person="ivy",
        mail=IVY.mail,
        login="ivy",
        kind="password",
        language="en",
        digest="",
        number=1,
        expires_at=at + decide.VALID,
        phase=Phase.USING,
        claim="me",
        at=at,
        is_recorded=False,
    )
