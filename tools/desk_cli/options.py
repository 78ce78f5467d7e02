"""What the commands read from the environment: the same `DESK_*` names as the services."""

from functools import cache

from desk_platform.settings import ServiceSettings, load_settings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict


class CliSettings(ServiceSettings):
    """Settings of the command line; it serves no HTTP, and asks two services."""

    model_config = SettingsConfigDict(env_prefix="DESKCLI_")

    triage_url: str = Field(default="http://127.0.0.1:8002", description="Where triage answers.")
    automation_url: str = Field(
        default="http://127.0.0.1:8003", description="Where automation answers."
    )
    token: SecretStr | None = Field(default=None, description="Your token, where people sign in.")


@cache
def settings() -> CliSettings:
    """Read once; an unusable variable ends the command with a sentence."""
    return load_settings(CliSettings)
