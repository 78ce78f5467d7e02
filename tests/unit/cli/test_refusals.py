"""What a command cannot do is sentence as what it is, with what to do, and never as a traceback."""

import os
import ssl
from pathlib import Path

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from desk_cli.main import describe_failure
from desk_contracts.errors import DependencyDown, NotFound
from desk_local.ports import free_ports
from desk_platform.kafka.asking import describe_refusal
from desk_platform.settings import KafkaSettings, SettingsError, StoreDriver, StoreSettings
from desk_platform.store import open_existing_store, open_store
from desk_testing.commands import run_desk

from tests.support.refusing_mongo import refusing_mongo

NOBODY = f"127.0.0.1:{free_ports(1)[0]}"


def distrust(code: int, why: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, why
    return error


def disagree() -> ssl.SSLError:
    error = ssl.SSLError(1, "wrong version number")
    error.reason = "WRONG_VERSION_NUMBER"
    return error


async def test_brokers_that_refuse_are_not_called_away() -> None:
    sentence = await describe_failure(
        TopicAuthorizationFailedError("desk.tickets"), KafkaSettings()
    )
    assert "may not do it" in sentence
    assert "desk.tickets" in sentence
    away = KafkaSettings(bootstrap=NOBODY)
    assert f"{NOBODY} cannot be reached" in await describe_failure(OSError(), away)


@pytest.mark.parametrize(
    ("error", "words", "setting"),
    [
        (distrust(20, "unable to get local issuer"), "is not signed by", "DESK_KAFKA_CA_FILE"),
        (distrust(62, "Hostname mismatch"), "is that of another host", "DESK_KAFKA"),
        (distrust(64, "IP address mismatch"), "is that of another host", "DESK_KAFKA"),
        (distrust(10, "certificate has expired"), "does not count today", "renewed"),
        (disagree(), "does not agree on TLS", "DESK_KAFKA_SECURITY"),
        (SaslAuthenticationFailed("no"), "refuses to sign in", "DESK_KAFKA_PASSWORD"),
        (KafkaConnectionError("closed"), "does not speak as it is", "DESK_KAFKA_SECURITY"),
        (ConnectionRefusedError(111, "refused"), "cannot be reached (refused)", "DESK_KAFKA"),
    ],
)
def test_every_way_to_be_kept_out_is_another_sentence(
    error: Exception, words: str, setting: str
) -> None:
    sentence = describe_refusal("kafka:9093", KafkaSettings(), error)
    assert words in sentence
    assert setting in sentence


@pytest.mark.parametrize("driver", StoreDriver)
@pytest.mark.parametrize(
    ("code", "words"), [(18, "refuses to sign in"), (8000, "refuses to sign in"), (13, "not allow")]
)
async def test_a_store_that_refuses_is_waited_for_and_says_what_to_do(
    driver: StoreDriver, code: int, words: str
) -> None:
    """For a service it is away: somebody may put the user right, and records are not at fault."""
    with refusing_mongo(code, "no") as url:
        store = open_store(StoreSettings(url=url, driver=driver), "desk_intake")
        with pytest.raises(DependencyDown, match=words) as refused:
            await store.ping()
        assert "DESK_STORE_USERNAME" in refused.value.message
        await store.stop()


@pytest.mark.parametrize("driver", StoreDriver)
def test_an_address_that_is_none_is_a_wrong_setting(driver: StoreDriver) -> None:
    with pytest.raises(SettingsError, match="DESK_STORE cannot be"):
        open_store(StoreSettings(url="mongodb://127.0.0.1:99999", driver=driver), "desk_intake")


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


@pytest.mark.parametrize(
    ("command", "settings", "words"),
    [
        ("audit", {"DESK_STORE": "mysql://db"}, "DESK_STORE cannot be 'mysql://db'"),
        ("lag", {"DESK_KAFKA": NOBODY}, "cannot be reached"),
        (
            "status",
            {"DESK_KAFKA_SECURITY": "SSL", "DESK_KAFKA_CA_FILE": "LICENSE"},
            "holds no certificates",
        ),
        ("audit", {"DESK_STORE_CA_FILE": "LICENSE"}, "holds no certificates"),
        ("audit", {"DESK_KAFKA_SECURITY": "SASL_SSL"}, "set both"),
    ],
)
def test_a_command_ends_with_a_sentence_and_2(
    command: str, settings: dict[str, str], words: str, tmp_path: Path
) -> None:
    done = run_desk(command, env=os.environ | {"DESK_LOCAL": str(tmp_path)} | settings)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
