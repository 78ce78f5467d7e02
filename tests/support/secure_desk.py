"""All five services where everybody signs in: TLS and SCRAM at the brokers, tokens at the services.

The brokers allow each user what the manifests render for it, and nobody anything else.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from desk_charter import load_charter
from desk_contracts.topics import SERVICES, all_topics
from desk_manifests.grants import all_users
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSecurity, KafkaSettings
from desk_testing import eventually
from desk_testing.processes import ServiceProcess, environment
from pydantic import SecretStr

from tests.support.authority import Authority
from tests.support.issuer import Issuer, issuing
from tests.support.kafka_rights import give_rights
from tests.support.short_day import write_short_charter
from tests.support.tls_broker import SecureKafka

# The sign-in and the store are of this machine.
ALLOWED = "http-issuer,store-without-login"


@dataclass
class SecureDesk:
    """The services, the brokers, the sign-in, and a file with the password of each Kafka user."""

    folder: Path
    broker: SecureKafka
    issuer: Issuer
    services: list[ServiceProcess]

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def store_url(self) -> str:
        return f"sqlite:{self.folder / 'store'}"

    async def reasons(self, service: ServiceProcess) -> list[str]:
        """Why it is not ready, as it tells an operator."""
        token = self.issuer.sign("olga", "operator")
        answer = await service.get("/health/ready", Authorization=f"Bearer {token}")
        return list(answer.json()["reasons"])

    def password_file(self, user: str) -> Path:
        return self.folder / f"{user}.password"

    def service(self, name: str) -> ServiceProcess:
        return next(service for service in self.services if service.name == name)

    def kafka(self, user: str, password: str = "") -> KafkaSettings:
        """How a user reaches the brokers; with another password if one is given."""
        return KafkaSettings(
            bootstrap=self.broker.secure_address,
            security=KafkaSecurity.SASL_SSL,
            username=user,
            password=SecretStr(password or self.password_file(user).read_text("utf-8").strip()),
            ca_file=self.ca,
        )

    def environment(self, user: str, **more: str) -> dict[str, str]:
        """What a program is told that signs in at the brokers as this user."""
        return environment(
            self.broker.secure_address,
            self.store_url,
            "",
            self.folder / "charter",
            DESK_ENVIRONMENT="dev",
            DESK_ALLOW_INSECURE=ALLOWED,
            DESK_OIDC_ISSUER=self.issuer.address,
            DESK_KAFKA_SECURITY="SASL_SSL",
            DESK_KAFKA_CA_FILE=str(self.ca),
            DESK_KAFKA_USERNAME=user,
            DESK_KAFKA_PASSWORD_FILE=str(self.password_file(user)),
            **more,
        )


@asynccontextmanager
async def secure_desk(folder: Path, authority: Authority) -> AsyncIterator[SecureDesk]:
    """Up and ready, with the charter of the project, whose demo has a Kafka user of its own."""
    # The demo publishes to the brokers under a name.
    signs_in = ("sources.yaml", "sign_in: demo", "kafka_user: demo")
    charter = load_charter(write_short_charter(folder / "charter", signs_in))
    teams = [team.name for team in charter.teams]
    users = all_users(teams, charter.sources)
    passwords = {user.name: secrets.token_hex(16) for user in users}
    broker = SecureKafka(folder / "kafka", passwords, authority)
    members = {member.id: team.name for team in charter.teams for member in team.members}
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(issuing(secrets.token_hex(16), members))
        desk = SecureDesk(folder, broker, issuer, [])
        desk.ca.write_bytes(authority.pem)
        for user, password in passwords.items():
            desk.password_file(user).write_text(password + "\n")
        await asyncio.to_thread(broker.start)
        stack.callback(broker.kill)
        await apply_topics(KafkaSettings(bootstrap=broker.address), all_topics(teams), partitions=1)
        await give_rights(broker.address, users)
        key = secrets.token_hex(32)
        for name in SERVICES:
            more = {"AUTOMATION_ALLOWED_HOSTS": "127.0.0.1:*"} if name == "automation" else {}
            env = desk.environment(f"desk-{name}", DESK_CURSOR_SECRET=key, **more)
            service = ServiceProcess(name, env, folder / f"{name}.log")
            desk.services.append(service)
            service.launch()
            stack.callback(service.kill)
        await asyncio.gather(*(eventually(item.is_ready, timeout=240) for item in desk.services))
        yield desk
