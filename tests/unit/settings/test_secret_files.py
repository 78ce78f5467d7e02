"""Secrets in files: read at the start, read again when they change, refused with a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from desk_platform.settings import ServiceSettings, SettingsError, read_settings

USER = {"DESK_STORE_USERNAME": "intake"}


def read(**given: str) -> ServiceSettings:
    return read_settings(ServiceSettings, USER | given)


def password_of(settings: ServiceSettings) -> str:
    assert settings.store.password is not None
    return settings.store.password.get_secret_value()


def test_a_secret_in_a_file_is_that_of_now(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first\n")
    settings = read(DESK_STORE_PASSWORD_FILE=str(file))
    assert password_of(settings) == "first"
    replacement = tmp_path / "..data_tmp"
    replacement.write_text("other\n")
    replacement.replace(file)
    assert password_of(settings) == "other"
    assert "other" not in repr(settings)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_text("")])
def test_while_a_file_is_replaced_the_last_value_stands(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    file = tmp_path / "password"
    file.write_text("first")
    settings = read(DESK_STORE_PASSWORD_FILE=str(file))
    spoil(file)
    assert password_of(settings) == "first"
    file.write_text("the second")
    assert password_of(settings) == "the second"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "which cannot be read: No such file or directory."),
        (b"", "which is empty."),
        (b"\n", "which is empty."),
        (b"\xff\xfe", "which cannot be read: it is no text."),
        (b"x" * 70_000, "which is too large to be a secret."),
    ],
)
def test_a_file_without_a_secret_is_refused(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read(DESK_STORE_PASSWORD_FILE=str(file))
    assert f"DESK_STORE_PASSWORD_FILE names {file}, {sentence}" in refused.value.problems


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first")
    with pytest.raises(SettingsError, match="but DESK_STORE_PASSWORD is set too; unset one"):
        read(DESK_STORE_PASSWORD_FILE=str(file), DESK_STORE_PASSWORD="second")  # noqa: S106 (no real one)


def test_only_secrets_have_files() -> None:
    with pytest.raises(SettingsError, match="DESK_STORE_FILE is not a setting: only secrets"):
        read(DESK_STORE_FILE="/nowhere", DESK_STORE_PASSWORD="first")  # noqa: S106 (no real one)
