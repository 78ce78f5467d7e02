"""What the commands read from the environment: the same `DESK_*` names as the services."""

from functools import cache

from desk_contracts.topics import SERVICES
from desk_platform.settings import ChainSecret, ServiceSettings, load_settings
from desk_platform.store import Store, open_existing_store
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict


class CliSettings(ServiceSettings):
    """Settings of the command line; it serves no HTTP, and asks the services."""

    model_config = SettingsConfigDict(env_prefix="DESKCLI_")

    intake_url: str = Field(default="http://127.0.0.1:8001", description="Where intake answers.")
    triage_url: str = Field(default="http://127.0.0.1:8002", description="Where triage answers.")
    automation_url: str = Field(
        default="http://127.0.0.1:8003", description="Where automation answers."
    )
    notify_url: str = Field(default="http://127.0.0.1:8004", description="Where notify answers.")
    metrics_url: str = Field(default="http://127.0.0.1:8005", description="Where metrics answers.")
    chain_key: ChainSecret = Field(
        default=None,
        validation_alias="AUTOMATION_CHAIN_KEY",
        description="Keys of the seals of runs' transitions, one a line, as automation has them.",
    )
    token: SecretStr | None = Field(default=None, description="Your token, where people sign in.")


@cache
def settings() -> CliSettings:
    """Read once; an unusable variable ends the command with a sentence."""
    return load_settings(CliSettings)


def read_store(service: str) -> Store:
    """The store of one service, to look at; refused where there is no desk at all."""
    chosen = settings().store
    prefix = chosen.database_prefix
    return open_existing_store(chosen, prefix + service, (prefix + name for name in SERVICES))
