"""What the commands read from the environment: the same `DESK_*` names as the services."""

from functools import cache

from pydantic_settings import SettingsConfigDict

from desk_shared.settings import ServiceSettings, load_settings


class CliSettings(ServiceSettings):
    """Settings of the command line; it serves no HTTP."""

    model_config = SettingsConfigDict(env_prefix="DESKCLI_")


@cache
def settings() -> CliSettings:
    """Read once; an unusable variable ends the command with a sentence."""
    return load_settings(CliSettings)
