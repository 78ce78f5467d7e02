"""Keys of seals lie in a file that is read again when it changes."""

import logging
from pathlib import Path

import pytest
from desk_automation.settings import AutomationSettings
from desk_cli.options import CliSettings
from desk_contracts.chain import ChainKey
from desk_platform.settings import Environment, SettingsError, find_chain_keys, read_settings

OLD, NEW = "o" * 40, "n" * 40


def read(file: Path) -> AutomationSettings:
    return read_settings(
        AutomationSettings, {"AUTOMATION_CHAIN_KEY_FILE": str(file), "DESK_ENVIRONMENT": "local"}
    )


def replace(file: Path, text: str) -> None:
    """As a secret store does: another file takes its place."""
    other = file.with_suffix(".new")
    other.write_text(text, encoding="utf-8")
    other.replace(file)


def test_a_new_key_seals_as_soon_as_the_file_has_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(OLD + "\n", encoding="utf-8")
    settings = read(file)
    keys = find_chain_keys(settings.environment, settings.chain_key)
    assert keys is not None
    assert keys().sealing.id == ChainKey(OLD.encode()).id
    replace(file, f"{NEW}\n{OLD}\n")
    assert keys().sealing.id == ChainKey(NEW.encode()).id
    assert keys().find(ChainKey(OLD.encode()).id) is not None


def test_what_cannot_be_used_is_named_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "secret"
    file.write_text(OLD, encoding="utf-8")
    settings = read(file)
    keys = find_chain_keys(settings.environment, settings.chain_key)
    assert keys is not None
    with caplog.at_level(logging.WARNING):
        for text in (f"{NEW}\nshort", f"{NEW}\nshort"):
            replace(file, text)
            assert keys().sealing.id == ChainKey(OLD.encode()).id
    assert [record.message for record in caplog.records] == ["chain_keys_refused"]
    assert NEW not in caplog.text


@pytest.mark.parametrize("kind", [AutomationSettings, CliSettings])
def test_a_file_without_a_key_is_refused_at_the_start(
    tmp_path: Path, kind: type[AutomationSettings] | type[CliSettings]
) -> None:
    file = tmp_path / "secret"
    file.write_text("too short", encoding="utf-8")
    with pytest.raises(SettingsError, match="AUTOMATION_CHAIN_KEY") as refused:
        read_settings(kind, {"AUTOMATION_CHAIN_KEY_FILE": str(file)})
    assert "too short" not in str(refused.value)


def test_one_machine_seals_without_a_secret_and_nothing_else_does() -> None:
    local = find_chain_keys(Environment.LOCAL, None)
    assert local is not None
    assert local().sealing.id == ChainKey(b"one machine, no key").id
    assert find_chain_keys(Environment.PROD, None) is None
