"""The base class of every service's settings; it reads nothing by itself."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr
from pydantic import model_validator as check_together
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from desk_platform.settings.groups import (
    Environment,
    KafkaSettings,
    LogLevel,
    SignInSettings,
    StoreSettings,
    TopicPrefix,
    UnknownSources,
    Weakness,
    WebAddress,
)
from desk_platform.settings.http import HttpSettings


class ServiceSettings(BaseSettings):
    """The base of every service's settings; a subclass adds fields and `env_prefix`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
    )

    environment: Environment = Field(default=Environment.PROD, validation_alias="DESK_ENVIRONMENT")
    """Where the desk runs: local, dev or prod. Not set means prod, so nothing opens by accident."""

    allow_insecure: tuple[Weakness, ...] = Field(default=(), validation_alias="DESK_ALLOW_INSECURE")
    """Weaknesses that are wanted outside `local`, with commas between: http-issuer,
    plaintext-brokers, brokers-without-login, store-without-login, weak-secrets, unknown-sources."""

    kafka: KafkaSettings = KafkaSettings()
    """How to reach the brokers."""

    store: StoreSettings = StoreSettings()
    """How to reach the store."""

    sign_in: SignInSettings = SignInSettings()
    """Whose bearer tokens are believed."""

    http: HttpSettings = HttpSettings()
    """How much of HTTP is taken."""

    charter: Path = Field(default=Path("charter"), validation_alias="DESK_CHARTER")
    """Folder with the organisation's charter."""

    unknown_sources: UnknownSources | None = Field(
        default=None, validation_alias="DESK_UNKNOWN_SOURCES"
    )
    """Events of sources that sources.yaml does not list: `refuse` or `accept`; not set, they are
    accepted in `local` and refused everywhere else."""

    topic_prefix: TopicPrefix = Field(default="", validation_alias="DESK_TOPIC_PREFIX")
    """What stands before every topic's and group's name; for tests that share brokers."""

    erasure_key: SecretStr | None = Field(default=None, validation_alias="DESK_ERASURE_KEY")
    """Key by whose hashes erased people are recognised, the same in all services and for ever: with
    another one a backup cannot be erased again. At least 32 random characters; without it nobody is
    erased."""

    http_host: str = "0.0.0.0"  # noqa: S104  a container listens on all its addresses
    """Address the HTTP side listens on; not set in `local`, it is 127.0.0.1."""

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port the HTTP side listens on; 0 takes a free one."""

    shutdown_grace: Annotated[timedelta, Field(gt=timedelta(0))] = Field(
        default=timedelta(seconds=20), validation_alias="DESK_SHUTDOWN_GRACE"
    )
    """How long a stop may take, in seconds; must stay below the pod's grace period."""

    log_level: LogLevel = Field(default=LogLevel.INFO, validation_alias="DESK_LOG_LEVEL")
    """The least severe log line that is written: DEBUG, INFO, WARNING or ERROR."""

    otlp_endpoint: WebAddress | None = Field(
        default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    """Address of the OpenTelemetry collector (OTLP over HTTP); without it no traces and no figures
    are sent, and figures are only on `/metrics`."""

    trace_ratio: Annotated[float, Field(ge=0, le=1)] = Field(
        default=1.0, validation_alias="OTEL_TRACES_SAMPLER_ARG"
    )
    """Share of new traces that are recorded, between 0 and 1."""

    @check_together(mode="before")
    @classmethod
    def _check_loopback(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Where plain headers are believed nobody else is let in, unless that is asked for."""
        where = given.get("environment", given.get("DESK_ENVIRONMENT"))
        return {"http_host": "127.0.0.1", **given} if where == Environment.LOCAL else given

    @property
    def accepts_unknown_sources(self) -> bool:
        """Whether whoever reaches the brokers may publish under a name of their own."""
        if self.unknown_sources is None:
            return self.environment is Environment.LOCAL
        return self.unknown_sources is UnknownSources.ACCEPT

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the base class fixes the signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only arguments count: the environment is read by `read_settings`, in one place."""
        return (init_settings,)
