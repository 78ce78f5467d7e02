"""Settings of triage; the environment is read in `main` only."""

import tempfile
from pathlib import Path
from typing import Annotated

from desk_platform.settings import ServiceSettings
from desk_platform.store.sqlite.store import SCHEME, folder_of
from pydantic import Field
from pydantic_settings import SettingsConfigDict

MODEL_FILE = "triage-model.json"
INDEX_FOLDER = "triage-similar.index"


class TriageSettings(ServiceSettings):
    """What can be set for triage."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8002
    """Port the HTTP side listens on; 0 takes a free one."""

    model: Path | None = None
    """File of the learned model; if not set, triage-model.json in the charter's folder."""

    index: Path | None = None
    """Folder of the index of similar tickets; if not set, beside the embedded store, else in the
    system's folder for temporary files. It can be deleted: it is made anew from desk.tickets."""

    @property
    def index_folder(self) -> Path:
        """Where the index lies; one process alone writes there."""
        if self.index is not None:
            return self.index
        url = self.store.url
        is_local = url.startswith(SCHEME)
        folder = folder_of(url) if is_local else Path(tempfile.gettempdir())
        return folder / f"{self.store.database_prefix}{INDEX_FOLDER}"

    @property
    def model_file(self) -> Path:
        """Where the learned model lies, if there is one."""
        return self.model or self.charter / MODEL_FILE
