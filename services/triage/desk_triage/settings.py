"""Settings of triage; the environment is read in `main` only."""

from pathlib import Path
from typing import Annotated

from desk_platform.settings import ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict

MODEL_FILE = "triage-model.json"


class TriageSettings(ServiceSettings):
    """What can be set for triage."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8002
    """Port the HTTP side listens on; 0 takes a free one."""

    model: Path | None = None
    """File of the learned model; if not set, triage-model.json in the charter's folder."""

    @property
    def model_file(self) -> Path:
        """Where the learned model lies, if there is one."""
        return self.model or self.charter / MODEL_FILE
