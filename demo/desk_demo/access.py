"""How the demo proves who it is: to the brokers, and for each person of the story to services."""

from dataclasses import dataclass, field
from typing import Self

import httpx
from desk_cli.options import CliSettings
from desk_platform.settings import KafkaSettings
from desk_platform.settings.groups import WebAddress
from pydantic import Field, SecretStr
from pydantic import model_validator as check_together


class DemoSettings(CliSettings):
    """What commands read, and the names of those who play where people and systems sign in."""

    token_url: WebAddress | None = Field(default=None, validation_alias="DEMO_TOKEN_URL")
    """Where people of the story sign in: the provider's token endpoint, which takes a name and a
    password. Not set, headers say who asks, which a desk believes on one's own machine only."""

    password: SecretStr | None = Field(default=None, validation_alias="DEMO_PASSWORD")
    """Password of everybody in the story at that provider."""

    kafka_username: str | None = Field(default=None, validation_alias="DEMO_KAFKA_USERNAME")
    """Kafka user that publishes as the story's systems; not set, the one that reads."""

    kafka_password: SecretStr | None = Field(default=None, validation_alias="DEMO_KAFKA_PASSWORD")
    """Password of that Kafka user."""

    @property
    def publishing(self) -> KafkaSettings:
        """The brokers, as the story's systems sign in there."""
        if self.kafka_username is None:
            return self.kafka
        login = {"username": self.kafka_username, "password": self.kafka_password}
        return self.kafka.model_copy(update=login)

    @check_together(mode="after")
    def _belong_together(self) -> Self:
        if (self.token_url is None) != (self.password is None):
            raise ValueError("DEMO_TOKEN_URL and DEMO_PASSWORD belong together; set both or none.")
        if (self.kafka_username is None) != (self.kafka_password is None):
            raise ValueError(
                "DEMO_KAFKA_USERNAME and DEMO_KAFKA_PASSWORD belong together; set both or none."
            )
        return self


@dataclass(frozen=True)
class Callers:
    """What a call carries to say who makes it; everybody signs in once."""

    http: httpx.AsyncClient
    audience: str = ""
    token_url: str | None = None
    password: SecretStr | None = None
    _tokens: dict[str, str] = field(default_factory=dict)

    async def introduce(self, subject: str, role: str, team: str = "") -> dict[str, str]:
        """Headers of a call; a provider knows roles and team itself."""
        if self.token_url is None or self.password is None:
            headers = {"X-Desk-User": subject, "X-Desk-Roles": role}
            return {**headers, "X-Desk-Team": team} if team else headers
        if subject not in self._tokens:
            secret = self.password.get_secret_value()
            self._tokens[subject] = await self._sign_in(self.token_url, subject, secret)
        return {"Authorization": f"Bearer {self._tokens[subject]}"}

    async def _sign_in(self, url: str, subject: str, password: str) -> str:
        """An access token, or the end of the demo with a sentence."""
        form = {"grant_type": "password", "client_id": self.audience}
        form |= {"username": subject, "password": password}
        try:
            answer = await self.http.post(url, data=form)
        except httpx.TransportError as error:
            raise SystemExit(f"{url} does not answer; is DEMO_TOKEN_URL right?") from error
        token = answer.json().get("access_token") if answer.is_success else None
        if not token:
            raise SystemExit(
                f"{url} gives {subject} no token (status {answer.status_code}): that person must be"
                " known there, with DEMO_PASSWORD. `--run NAME` keeps the story's names the same."
            )
        return str(token)
