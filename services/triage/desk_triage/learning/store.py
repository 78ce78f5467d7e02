"""The learned model as a file: written whole, and read with care."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from desk_contracts.errors import Invalid, NotFound
from desk_contracts.message import message
from desk_contracts.text import NORMALISER
from pydantic import ValidationError
from pydantic_core import from_json

from desk_triage.learning.model import FORMAT, LearnedModel

# Some fifty thousand tickets of a hundred teams take less.
MAX_BYTES = 32 * 1024 * 1024
_AGAIN = "Write it anew with `desk triage learn`, or remove it to go on without."
# To go back to: a bad week shows after days.
MOST_KEPT = 10
# So deep a line for every word: a change of the file can be read.
_DEPTH = 3


class InvalidModel(Invalid):
    """The file cannot be used, and why."""

    code: ClassVar[str] = "invalid-model"


def write_text(model: LearnedModel) -> str:
    """The model as JSON, a line for each word."""
    return f"{_write_value(model.model_dump(mode='json'), 0)}\n"


def _write_value(value: object, depth: int) -> str:
    if not isinstance(value, dict) or depth == _DEPTH:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    indent = " " * depth
    lines = (
        f"{indent} {json.dumps(key, ensure_ascii=False)}: {_write_value(entry, depth + 1)}"
        for key, entry in value.items()
    )
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def write_model(path: Path, model: LearnedModel) -> int:
    """The file appears whole or not at all; its size."""
    content = write_text(model).encode()
    if len(content) > MAX_BYTES:
        raise InvalidModel(f"The model takes {len(content)} bytes; {MAX_BYTES} is the most.")
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return len(content)


def read_model(path: Path) -> LearnedModel | None:
    """The model in a file; None if there is no file; `InvalidModel` if it cannot be used."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidModel(f"{path} cannot be read: {error.strerror}. {_AGAIN}") from error
    if len(content) > MAX_BYTES:
        raise InvalidModel(
            f"{path} is no learned model: it has more than {MAX_BYTES} bytes. {_AGAIN}"
        )
    try:
        return _parse(path, content)
    except ValueError as error:
        raise InvalidModel(f"{path} is no JSON, or cut off: {error}. {_AGAIN}") from error


def _parse(path: Path, content: bytes) -> LearnedModel:
    document = from_json(content)
    made = document.get("format") if isinstance(document, dict) else None
    if isinstance(made, int) and made > FORMAT:
        raise InvalidModel(
            f"{path} was written by a newer desk (format {made}; this one reads {FORMAT})."
            f" Update triage. Or: {_AGAIN}"
        )
    if isinstance(made, int) and made < FORMAT:
        raise InvalidModel(
            f"{path} was written by an older desk (format {made}; this one reads {FORMAT})."
            f" {_AGAIN}"
        )
    words = document.get("normaliser") if isinstance(document, dict) else None
    if isinstance(made, int) and words != NORMALISER:
        raise InvalidModel(
            f"{path} was learned when words were compared in another way (form {words or 0}; this"
            f" desk compares them in form {NORMALISER}), so it would miss them. {_AGAIN}"
        )
    try:
        model = LearnedModel.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidModel(f"{path} is damaged at {place}: {first['msg']}. {_AGAIN}") from error
    if model.version != model.fingerprint():
        raise InvalidModel(
            f"{path} was changed after it was written: it does not say what its version"
            f" '{model.version}' stands for. {_AGAIN}"
        )
    return model


class ModelShelf:
    """The model in force, those that were before it, and whether one is pinned.

    They lie in a folder beside the file, each under its version; the newest few are kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.with_name(f"{path.stem}s")
        self._pin = self._folder / "pinned"

    @property
    def current(self) -> LearnedModel | None:
        """The model in force; None if there is none. `InvalidModel` if its file is damaged."""
        return read_model(self._path)

    @property
    def version(self) -> str:
        """The version in force; empty if there is none."""
        current = self.current
        return current.version if current else ""

    @property
    def pinned(self) -> str:
        """The version that is pinned; empty if none is."""
        return self._pin.read_text().strip() if self._pin.is_file() else ""

    def list(self) -> list[LearnedModel]:
        """The kept models, the newest first; one that cannot be read is passed over."""
        kept = []
        for path in self._files():
            with suppress(InvalidModel):
                if (model := read_model(path)) is not None:
                    kept.append(model)
        return kept

    def put(self, model: LearnedModel) -> int:
        """Put a new model into force and keep it; its size."""
        self._folder.mkdir(exist_ok=True)
        write_model(self._folder / f"{model.version}.json", model)
        for path in self._files()[MOST_KEPT:]:
            path.unlink(missing_ok=True)
        return write_model(self._path, model)

    def use(self, version: str) -> None:
        """Put a kept model into force again, and pin it."""
        model = next((model for model in self.list() if model.version == version), None)
        if model is None:
            kept = [entry.version for entry in self.list()]
            raise NotFound(message("learning.no-such-model", model=version, kept=kept))
        write_model(self._path, model)
        self._pin.write_text(f"{version}\n")

    def unpin(self) -> None:
        """Whether one was pinned or not, none is now."""
        self._pin.unlink(missing_ok=True)

    def _files(self) -> Sequence[Path]:
        files = self._folder.glob("*.json") if self._folder.is_dir() else ()
        return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
