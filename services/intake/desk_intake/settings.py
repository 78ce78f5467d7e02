"""What intake can be told from outside."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from desk_platform.settings import ServiceSettings
from desk_platform.store.sqlite.store import SCHEME, folder_of
from pydantic import Field
from pydantic_settings import SettingsConfigDict

INDEX_FOLDER = "intake-indexes"


class IntakeSettings(ServiceSettings):
    """Settings of intake; see the README for the whole table."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8001
    """Port the HTTP side listens on; 0 takes a free one."""

    close_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=5)
    """How long a resolved ticket waits for an objection before it closes by itself, in seconds."""

    indexes: Path | None = None
    """Folder of the indexes of tickets, articles and problems; if not set, beside the embedded
    store, else in the system's folder for temporary files. It can be deleted: they are made anew
    from their topics."""

    @property
    def indexes_folder(self) -> Path:
        """Where the indexes lie; one process alone writes there."""
        if self.indexes is not None:
            return self.indexes
        url = self.store.url
        folder = folder_of(url) if url.startswith(SCHEME) else Path(tempfile.gettempdir())
        return folder / f"{self.store.database_prefix}{INDEX_FOLDER}"
