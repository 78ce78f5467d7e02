"""What intake can be told from outside."""

from datetime import timedelta
from typing import Annotated

from desk_platform.settings import ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict


class IntakeSettings(ServiceSettings):
    """Settings of intake; see the README for the whole table."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8001
    """Port the HTTP side listens on; 0 takes a free one."""

    close_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=5)
    """How long a resolved ticket waits for an objection before it closes by itself, in seconds."""

    survey_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Of how many solved tickets people are asked how it went: 0.3 is three of ten."""

    survey_every: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=30)
    """Nobody is asked again before this time has passed, in seconds."""
