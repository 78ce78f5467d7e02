"""Certificates and passwords are replaced while the services run; none is started again."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk_charter import load_charter
from desk_contracts.codec import Message
from desk_contracts.names import TICKETS
from desk_contracts.topics import SERVICES, all_topics
from desk_manifests.grants import all_users
from desk_platform.kafka import KafkaPublisher, Unpublished
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSecurity, KafkaSettings
from desk_testing import eventually
from desk_testing.opening import close_now, open_now
from desk_testing.processes import CHARTER, ServiceProcess, environment
from pydantic import SecretStr

from tests.support.authority import Authority
from tests.support.kafka_rights import give_rights
from tests.support.tls_broker import SecureKafka

pytestmark = [pytest.mark.connected, pytest.mark.chaos, pytest.mark.timeout(600)]

FOLLOWS_WITHIN = 10.0
# The store and the sign-in are not what this is about.
ALLOWED = "http-issuer,store-without-login,weak-secrets,unknown-sources"


@dataclass
class Desk:
    """All five, each under a user of its own, on a broker that asks for TLS and a login."""

    folder: Path
    broker: SecureKafka
    services: list[ServiceProcess]

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def password_file(self, name: str) -> Path:
        return self.folder / f"{name}.password"

    def service(self, name: str) -> ServiceProcess:
        return next(service for service in self.services if service.name == name)


async def seconds_until(
    services: Iterable[ServiceProcess], *, ready: bool, named: str = ""
) -> float:
    """Until the last of them says so."""
    since = time.monotonic()

    async def wait_for(service: ServiceProcess) -> None:
        async def has_changed() -> bool:
            answer = (await service.get("/health/ready")).json()
            if ready:
                assert answer["reasons"] == [], (service.name, answer["reasons"])
                return True
            return any(named in reason for reason in answer["reasons"])

        await eventually(has_changed, timeout=120, interval=0.1)

    await asyncio.gather(*map(wait_for, services))
    return round(time.monotonic() - since, 1)


@asynccontextmanager
async def opened(folder: Path, authority: Authority) -> AsyncIterator[Desk]:
    passwords: dict[str, str] = {f"desk-{name}": secrets.token_hex(16) for name in SERVICES}
    broker = SecureKafka(folder / "kafka", passwords, authority)
    desk = Desk(folder, broker, [])
    desk.ca.write_bytes(authority.pem)
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(broker.start)
        stack.callback(broker.kill)
        teams = [team.name for team in load_charter(CHARTER).teams]
        settings = KafkaSettings(bootstrap=broker.address)
        await apply_topics(settings, all_topics(teams), partitions=1)
        await give_rights(broker.address, all_users(teams))
        for name in SERVICES:
            user = f"desk-{name}"
            desk.password_file(name).write_text(passwords[user] + "\n")
            env = environment(
                broker.secure_address,
                f"sqlite:{folder / 'store'}",
                "",
                DESK_ENVIRONMENT="dev",
                DESK_ALLOW_INSECURE=ALLOWED,
                DESK_OIDC_ISSUER="http://127.0.0.1:9",
                DESK_CURSOR_SECRET=secrets.token_hex(32),
                DESK_KAFKA_SECURITY="SASL_SSL",
                DESK_KAFKA_CA_FILE=str(desk.ca),
                DESK_KAFKA_USERNAME=user,
                DESK_KAFKA_PASSWORD_FILE=str(desk.password_file(name)),
            )
            service = ServiceProcess(name, env, folder / f"{name}.log")
            desk.services.append(service)
            service.launch()
            stack.callback(service.kill)
        await asyncio.gather(*(eventually(item.is_ready, timeout=240) for item in desk.services))
        yield desk


async def check_rights(desk: Desk) -> None:
    """Each has its own: notify may not write what intake alone writes."""
    settings = KafkaSettings(
        bootstrap=desk.broker.secure_address,
        security=KafkaSecurity.SASL_SSL,
        username="desk-notify",
        password=SecretStr(desk.password_file("notify").read_text("utf-8").strip()),
        ca_file=desk.ca,
    )
    publisher = KafkaPublisher(settings, "somebody")
    await open_now(publisher)
    await publisher.ping()
    with pytest.raises(Unpublished) as refused:
        await publisher.publish([Message(TICKETS, b"t1", b"{}", ())])
    await close_now(publisher)
    assert [reason.kind for reason in refused.value.reasons.values()] == ["topic-forbidden"]


async def test_an_authority_and_a_password_are_replaced_without_a_restart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = Authority("before"), Authority("after")
    async with opened(tmp_path, before) as desk:
        await check_rights(desk)
        # The brokers' certificate is signed by an authority that no service knows.
        desk.broker.identify(after)
        await asyncio.to_thread(desk.broker.kill)
        await asyncio.to_thread(desk.broker.start)
        tls_refused = await seconds_until(desk.services, ready=False, named="is not signed by")
        desk.ca.write_bytes(after.pem)
        tls_ready = await seconds_until(desk.services, ready=True)

        # A password is changed at the brokers first, then in the file.
        password, user = secrets.token_hex(16), "triage"
        await asyncio.to_thread(desk.broker.change_password, f"desk-{user}", password)
        await asyncio.to_thread(desk.broker.kill)
        await asyncio.to_thread(desk.broker.start)
        triage = [desk.service(user)]
        login_refused = await seconds_until(
            triage, ready=False, named=f"refuses to sign in desk-{user}"
        )
        others = [service for service in desk.services if service.name != user]
        await seconds_until(others, ready=True)
        desk.password_file(user).write_text(password)
        login_ready = await seconds_until(triage, ready=True)
    with capsys.disabled():
        tls = f"TLS: to not ready {tls_refused}, to ready again {tls_ready}"
        print(f"\n{tls}; password: {login_refused}, {login_ready}")  # noqa: T201
    assert max(tls_refused, tls_ready, login_refused, login_ready) <= FOLLOWS_WITHIN
