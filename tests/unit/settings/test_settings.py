"""Settings: complete, frozen, and sentences about all that is wrong."""

from datetime import timedelta
from pathlib import Path

import pytest
from desk_platform.settings import (
    Environment,
    KafkaSecurity,
    ServiceSettings,
    SettingsError,
    StoreDriver,
    load_settings,
    read_settings,
    variables,
)
from desk_platform.settings.loader import read_meaning
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from tests.support.authority import Authority


class IntakeSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    http_port: int = 8001
    """Port of intake."""
    code_attempts: int
    """How often a code is drawn anew."""
    mail_key: SecretStr | None = None
    """Key of the mail gate."""
    sites: tuple[str, ...] = ()
    """Sites served."""
    timeout: timedelta = timedelta(seconds=1)
    """How long to wait."""


NEEDED = {"INTAKE_CODE_ATTEMPTS": "5"}


def read(**environ: str) -> IntakeSettings:
    return read_settings(IntakeSettings, NEEDED | environ)


def problems(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return caught.value.problems


def test_defaults_speak_to_one_machine_but_open_nothing() -> None:
    settings = read()
    assert settings.kafka.servers == ("127.0.0.1:9092",)
    assert settings.store.url == "mongodb://127.0.0.1:27017"
    assert settings.store.driver is StoreDriver.MOTOR
    assert settings.topic_prefix == ""
    assert settings.environment is Environment.PROD


def test_shared_and_own_variables_reach_their_fields(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Authority("any").pem)
    settings = read(
        DESK_KAFKA="a:1,b:2",
        DESK_KAFKA_SECURITY="SASL_SSL",
        DESK_KAFKA_USERNAME="intake",
        DESK_KAFKA_PASSWORD="hush",  # noqa: S106  a password of nobody
        DESK_KAFKA_CA_FILE=str(ca),
        DESK_STORE_DRIVER="pymongo",
        DESK_ENVIRONMENT="local",
        DESK_SHUTDOWN_GRACE="2.5",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318",
        OTEL_TRACES_SAMPLER_ARG="0.1",
        INTAKE_SITES="north, south",
        INTAKE_TIMEOUT="PT2M",
    )
    assert settings.kafka.servers == ("a:1", "b:2")
    assert settings.kafka.security is KafkaSecurity.SASL_SSL
    assert settings.kafka.password is not None
    assert settings.kafka.password.get_secret_value() == "hush"
    assert settings.kafka.ca_file == ca
    assert settings.store.driver is StoreDriver.PYMONGO
    assert settings.environment is Environment.LOCAL
    assert settings.shutdown_grace == timedelta(seconds=2.5)
    assert settings.otlp_endpoint == "http://collector:4318"
    assert settings.trace_ratio == 0.1
    assert settings.sites == ("north", "south")
    assert settings.timeout == timedelta(minutes=2)


def test_the_environment_counts_only_where_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TOPIC_PREFIX", "from-environment")
    assert IntakeSettings(code_attempts=1).topic_prefix == ""
    monkeypatch.setenv("INTAKE_CODE_ATTEMPTS", "1")
    assert read_settings(IntakeSettings).topic_prefix == "from-environment"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        read().http_port = 1  # type: ignore[misc]


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read(DESK_KAFKA="").kafka.bootstrap == "127.0.0.1:9092"


def test_a_missing_value_is_named_with_its_meaning() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(IntakeSettings, {})
    assert caught.value.problems == [
        "INTAKE_CODE_ATTEMPTS is missing; set it. It is: How often a code is drawn anew."
    ]


def test_an_unknown_variable_is_named_with_the_nearest_valid_one() -> None:
    assert problems(INTAKE_HTP_PORT="1") == [
        "INTAKE_HTP_PORT is not a setting. Did you mean INTAKE_HTTP_PORT? Rename or unset it."
    ]


def test_other_services_variables_are_none_of_ours() -> None:
    read(TRIAGE_WHATEVER="1", INTAKEX="1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTAKE_SERVICE_HOST", "10.0.0.1"),
        ("INTAKE_SERVICE_PORT", "80"),
        ("INTAKE_SERVICE_PORT_HTTP", "80"),
        ("INTAKE_PORT", "tcp://10.0.0.1:80"),
        ("INTAKE_PORT_80_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_what_kubernetes_adds_for_a_service_of_that_name_is_no_mistake(
    name: str, value: str
) -> None:
    read(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("DESK_KAFKA", "nowhere", "host:port"),
        ("DESK_KAFKA", "a:1, b:2", "no blanks"),
        ("DESK_KAFKA_SECURITY", "TLS", "'PLAINTEXT', 'SSL'"),
        ("DESK_KAFKA_CA_FILE", "/no/such/file", "does not point to a file"),
        ("DESK_STORE_DRIVER", "mongoose", "'motor' or 'pymongo'"),
        ("DESK_STORE", "localhost:27017", "mongodb://host:port"),
        ("DESK_ENVIRONMENT", "staging", "'local', 'dev' or 'prod'"),
        ("DESK_SHUTDOWN_GRACE", "0", "greater than"),
        ("DESK_SHUTDOWN_GRACE", "soon", "valid timedelta"),
        ("DESK_OIDC_LEEWAY", "61", "less than or equal"),
        ("DESK_OIDC_ISSUER", "login.example.org", "http:// or https://"),
        ("DESK_TOPIC_PREFIX", "a b", "letters, digits"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "less than or equal to 1"),
        ("INTAKE_HTTP_PORT", "http", "valid integer"),
    ],
)
def test_an_unusable_value_is_named_with_what_would_do(name: str, value: str, part: str) -> None:
    [sentence] = problems(**{name: value})
    assert sentence.startswith(f"{name} cannot be '{value}': ")
    assert part in sentence


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"DESK_KAFKA_SECURITY": "SASL_SSL"}, ["DESK_KAFKA_USERNAME", "DESK_KAFKA_PASSWORD"]),
        ({"DESK_KAFKA_USERNAME": "a", "DESK_KAFKA_PASSWORD": "b"}, ["DESK_KAFKA_SECURITY"]),
        ({"DESK_KAFKA_CERT_FILE": __file__}, ["DESK_KAFKA_SECURITY", "DESK_KAFKA_CERT_FILE"]),
        (
            {"DESK_KAFKA_SECURITY": "SSL", "DESK_KAFKA_CERT_FILE": __file__},
            ["DESK_KAFKA_CERT_FILE", "DESK_KAFKA_KEY_FILE"],
        ),
        ({"DESK_STORE_USERNAME": "a"}, ["DESK_STORE_USERNAME", "DESK_STORE_PASSWORD"]),
    ],
)
def test_values_that_do_not_go_together_are_refused(
    environ: dict[str, str], names: list[str]
) -> None:
    [sentence] = problems(**environ)
    assert all(name in sentence for name in names)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems(INTAKE_TYPO="1", DESK_KAFKA="x", INTAKE_CODE_ATTEMPTS="many")) == 3


def test_no_secret_stands_in_a_message_or_a_repr() -> None:
    [sentence] = problems(DESK_STORE="mongodb://ana:hush@db:27017")
    assert "hush" not in sentence
    assert "DESK_STORE_PASSWORD" in sentence
    environ = {"DESK_STORE_USERNAME": "ana", "DESK_STORE_PASSWORD": "hush"}
    settings = read(INTAKE_MAIL_KEY="hush", **environ)
    assert "hush" not in repr(settings)


def test_a_service_that_cannot_start_says_why_and_exits_with_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        load_settings(IntakeSettings, {})
    assert caught.value.code == 2
    assert "INTAKE_CODE_ATTEMPTS is missing" in capsys.readouterr().err


def test_every_setting_has_a_sentence_about_it() -> None:
    without = [
        name
        for name, (path, _) in variables(IntakeSettings).items()
        if not read_meaning(IntakeSettings, path)
    ]
    assert without == []
