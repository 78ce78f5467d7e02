"""Where things are kept: the project's root, its Java launcher, and the data folder of a run."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JAVA_PROJECT = ROOT / "deploy" / "local"


@dataclass(frozen=True)
class Places:
    """The folder of one set of local servers and what lies in it."""

    folder: Path

    @classmethod
    def default(cls) -> "Places":
        """`DESK_LOCAL` if set, else `.local` in the project."""
        return cls(Path(os.environ.get("DESK_LOCAL") or ROOT / ".local").resolve())

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make_data_of(self, name: str) -> Path:
        """The folder for the data of one server, made if it is not there."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
