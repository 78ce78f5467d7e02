"""From environment variables to settings, or to sentences that say all that is wrong with them."""

import difflib
import os
import re
import types
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, Union, get_args, get_origin

from desk_contracts.errors import Invalid
from desk_contracts.frozen import read_docstring
from desk_contracts.mistakes import list_mistakes
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from desk_platform.settings.secret_files import SUFFIX, FileSecret, UnreadableSecret
from desk_platform.settings.service import ServiceSettings
from desk_platform.terminal import complain


class SettingsError(Invalid):
    """A setting is missing, unknown or unusable; `problems` has one sentence per variable."""

    code = "bad-settings"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), problems=problems)
        self.problems = problems


S = TypeVar("S", bound=ServiceSettings)
_Path = tuple[str, ...]
_SHARED = "DESK_"
# A letter more, less or another in a name of ten or more.
_ALMOST = 0.9
# What Kubernetes puts into every pod for a Service called like the desk's: INTAKE_SERVICE_HOST,
# INTAKE_PORT=tcp://..., INTAKE_PORT_8000_TCP_ADDR. Nobody typed these.
_SERVICE_LINK = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$")


def variables(settings: type[ServiceSettings]) -> dict[str, tuple[_Path, FieldInfo]]:
    """Every variable a service reads, with the path of its field; README and tests use it."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    return dict(_find_variables(settings, prefix, ()))


def read_meaning(settings: type[BaseModel], path: _Path) -> str:
    """What stands under that field, in one line."""
    name, *deeper = path
    field = settings.model_fields[name]
    if deeper and isinstance(field.annotation, type):
        return read_meaning(field.annotation, tuple(deeper))
    return " ".join((field.description or read_docstring(settings, name)).split())


def _find_variables(
    model: type[BaseModel], prefix: str, above: _Path
) -> Iterator[tuple[str, tuple[_Path, FieldInfo]]]:
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _find_variables(field.annotation, f"{prefix}{name.upper()}_", (*above, name))
        else:
            variable = alias if isinstance(alias, str) else f"{prefix}{name.upper()}"
            yield variable, ((*above, name), field)


def read_settings(settings: type[S], environ: Mapping[str, str] | None = None) -> S:
    """Settings from the environment; `SettingsError` says in sentences all that is wrong."""
    given = os.environ if environ is None else environ
    declared = variables(settings)
    values: dict[str, object] = {}
    problems = []
    for variable, (path, field) in declared.items():
        try:
            value = _read_file(variable, field, given) or given.get(variable, "")
        except UnreadableSecret as unreadable:
            problems.append(f"{variable}{SUFFIX} names {given[variable + SUFFIX]}, {unreadable}.")
            continue
        if value:
            _put(values, path, field, value)
    files = {name + SUFFIX: _is_secret(field) for name, (_, field) in declared.items()}
    problems += [
        f"{file} is not a setting: only secrets have files."
        for file, is_secret in files.items()
        if not is_secret and file not in declared and given.get(file)
    ]
    problems += _find_unknown(settings, given, {**declared, **files})
    try:
        built = settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(problems + _sentences(error, settings, declared, given)) from None
    if problems:
        raise SettingsError(problems)
    return built


def load_settings(settings: type[S], environ: Mapping[str, str] | None = None) -> S:
    """For `main`: settings, or sentences on stderr and exit code 2."""
    try:
        return read_settings(settings, environ)
    except SettingsError as error:
        complain(f"These settings cannot be used:\n{error.message}")
        raise SystemExit(2) from None


def _is_secret(field: FieldInfo) -> bool:
    return _holds(field.annotation, (SecretStr,))


def _read_file(variable: str, field: FieldInfo, given: Mapping[str, str]) -> FileSecret | None:
    """The secret of the file that `…_FILE` names; None where none is named."""
    file = given.get(variable + SUFFIX, "")
    if not file or not _is_secret(field):
        return None
    if given.get(variable, ""):
        raise UnreadableSecret(f"but {variable} is set too; unset one of them")
    return FileSecret(Path(file))


def _put(values: dict[str, object], path: _Path, field: FieldInfo, text: str | SecretStr) -> None:
    """Lists are written with commas between, spans of time as a number of seconds."""
    value: object = text
    if isinstance(text, SecretStr):
        pass
    elif _holds(field.annotation, (tuple, list, set, frozenset)):
        value = [part.strip() for part in text.split(",")]
    elif _holds(field.annotation, (timedelta,)) and re.fullmatch(r"\d+(\.\d+)?", text):
        value = timedelta(seconds=float(text))
    inner = values
    for name in path[:-1]:
        deeper = inner.setdefault(name, {})
        if isinstance(deeper, dict):
            inner = deeper
    inner[path[-1]] = value


def _holds(annotation: object, kinds: tuple[type, ...]) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return any(_holds(part, kinds) for part in get_args(annotation))
    return annotation in kinds or origin in kinds


def _find_unknown(
    settings: type[ServiceSettings], given: Mapping[str, str], declared: Mapping[str, object]
) -> Iterator[str]:
    prefix = str(settings.model_config.get("env_prefix", ""))
    if not prefix:
        return
    shared = [name for name in declared if name.startswith(_SHARED)]
    for variable in sorted(given.keys() - declared.keys()):
        if _SERVICE_LINK.search(variable) or given[variable].startswith("tcp://"):
            continue
        # What all services share may stand beside variables of other programs: only one that is
        # almost a setting was meant as one.
        if variable.startswith(prefix) or (
            variable.startswith(_SHARED)
            and difflib.get_close_matches(variable, shared, n=1, cutoff=_ALMOST)
        ):
            near = difflib.get_close_matches(variable, list(declared), n=1, cutoff=0.0)
            advice = f"Did you mean {near[0]}? Rename or unset it." if near else "Unset it."
            yield f"{variable} is not a setting. {advice}"


def _sentences(
    error: ValidationError,
    settings: type[ServiceSettings],
    declared: Mapping[str, tuple[_Path, FieldInfo]],
    given: Mapping[str, str],
) -> list[str]:
    by_path = {path: variable for variable, (path, _) in declared.items()}
    sentences = []
    for problem in list_mistakes(error.errors(include_url=False, include_input=False)):
        names = [part for part in problem["loc"] if isinstance(part, str)]
        variable = next((n for n in reversed(names) if n in declared), None)
        variable = variable or next(
            (by_path[tuple(names[:n])] for n in (2, 1) if tuple(names[:n]) in by_path), None
        )
        sentences.append(_sentence(variable, problem["msg"], settings, declared, given))
    return list(dict.fromkeys(sentences))


def _sentence(
    variable: str | None,
    message: str,
    settings: type[ServiceSettings],
    declared: Mapping[str, tuple[_Path, FieldInfo]],
    given: Mapping[str, str],
) -> str:
    reason = message.removeprefix("Value error, ")
    if variable is None:
        return reason
    path, field = declared[variable]
    meaning = read_meaning(settings, path)
    if not given.get(variable):
        return f"{variable} is missing; set it. It is: {meaning}"
    shown = "the secret" if "Secret" in repr(field.annotation) else f"'{given[variable]}'"
    shown = re.sub(r"//[^@]*@", "//***@", shown)
    reason = f"{reason[:1].lower()}{reason[1:]}".rstrip(".")
    return f"{variable} cannot be {shown}: {reason}. It is: {meaning}"
