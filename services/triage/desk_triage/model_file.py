"""The learned model as a file: written whole, read with care, kept fresh without a restart.

Like the charter: at start a bad one stops the service with the reason; later a bad one is refused
and the last good one stays in force. Without a file nothing was learned.
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from desk_shared.clock import Clock
from desk_shared.errors import Invalid
from desk_shared.telemetry import get_logger
from desk_shared.text import NORMALISER
from desk_shared.turns import turned
from pydantic import ValidationError
from pydantic_core import from_json

from desk_triage.domain.learned import FORMAT, LearnedModel

log = get_logger()

POLL = timedelta(seconds=2)
# Below what a ConfigMap may hold together with the charter beside it.
MAX_BYTES = 768 * 1024
_AGAIN = "Write it anew with `desk triage learn`, or remove it to go on without."
# So deep a line for every word: a change of the file can be read.
_DEPTH = 3


class InvalidModel(Invalid):
    """The file cannot be used, and why."""

    code: ClassVar[str] = "invalid-model"


def text_of(model: LearnedModel) -> str:
    """The model as JSON, a line for each word."""
    return f"{_written(model.model_dump(mode='json'), 0)}\n"


def _written(value: object, depth: int) -> str:
    if not isinstance(value, dict) or depth == _DEPTH:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    indent = " " * depth
    lines = (
        f"{indent} {json.dumps(key, ensure_ascii=False)}: {_written(one, depth + 1)}"
        for key, one in value.items()
    )
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def write_model(path: Path, model: LearnedModel) -> int:
    """The file appears whole or not at all; its size."""
    content = text_of(model).encode()
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
        return _understood(path, content)
    except ValueError as error:
        raise InvalidModel(f"{path} is no JSON, or cut off: {error}. {_AGAIN}") from error


def _understood(path: Path, content: bytes) -> LearnedModel:
    document = from_json(content)
    made = document.get("format") if isinstance(document, dict) else None
    if isinstance(made, int) and made > FORMAT:
        raise InvalidModel(
            f"{path} was written by a newer desk (format {made}; this one reads {FORMAT})."
            f" Update triage. Or: {_AGAIN}"
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


Fingerprint = tuple[int, int, int] | None


class ModelSource:
    """The model in force. Starting with a bad one raises `InvalidModel`."""

    def __init__(self, path: Path, clock: Clock, poll: timedelta = POLL) -> None:
        self._path, self._clock, self._poll = path, clock, poll
        self._seen = _fingerprint(path)
        self._current = read_model(path)
        self._tell("model_in_force" if self._current else "no_model")

    @property
    def current(self) -> LearnedModel | None:
        """The last good model; read it once per decision."""
        return self._current

    async def run(self) -> None:
        """Look for another one until cancelled."""
        while True:
            await self._clock.sleep(self._poll)
            await self.refresh()
            turned()

    async def refresh(self) -> bool:
        """Take over what has changed; whether another model, or none, is in force now."""
        seen = await asyncio.to_thread(_fingerprint, self._path)
        if seen == self._seen:
            return False
        try:
            model = await asyncio.to_thread(read_model, self._path)
        except InvalidModel as invalid:
            self._seen = seen
            self._refuse(invalid)
            return False
        self._seen = seen
        if (model.version if model else "") == self._version:
            return False
        self._current = model
        self._tell("model_changed")
        return True

    @property
    def _version(self) -> str:
        return self._current.version if self._current else ""

    def _refuse(self, invalid: InvalidModel) -> None:
        log.error("model_refused", reason=invalid.message, version_in_force=self._version)

    def _tell(self, event: str) -> None:
        log.info(event, file=str(self._path), version=self._version)


def _fingerprint(path: Path) -> Fingerprint:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
