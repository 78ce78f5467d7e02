"""What a command cannot do is said as what it is."""

from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from desk_cli.main import why_refused
from desk_contracts.errors import NotFound
from desk_platform.settings import StoreSettings
from desk_platform.store import open_existing_store


def test_brokers_that_refuse_are_not_called_away() -> None:
    refused = why_refused(TopicAuthorizationFailedError("desk.tickets"))
    assert refused is not None
    assert "may not do it" in refused
    assert "desk.tickets" in refused
    assert why_refused(KafkaConnectionError("nobody")) is None


def test_a_mistyped_folder_is_refused_and_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "typo"
    with pytest.raises(NotFound, match="is not there"):
        open_existing_store(StoreSettings(url=f"sqlite:{folder}"), "intake")
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(NotFound, match=r"holds no intake\.sqlite3"):
        open_existing_store(StoreSettings(url=f"sqlite:{folder}"), "intake", ("triage",))
    (folder / "triage.sqlite3").touch()
    assert open_existing_store(StoreSettings(url=f"sqlite:{folder}"), "intake", ("triage",))
