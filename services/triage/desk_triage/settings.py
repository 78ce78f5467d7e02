"""Settings of triage; the environment is read in `main` only."""

from typing import Annotated

from desk_shared.settings import ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict


class TriageSettings(ServiceSettings):
    """What can be set for triage."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8002
    """Port the HTTP side listens on; 0 takes a free one."""
