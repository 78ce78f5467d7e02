"""Before a service starts: whatever would let strangers in is named, with what to set instead."""

import random
from base64 import urlsafe_b64encode

import pytest
from desk_platform.settings import ServiceSettings, SettingsError, refuse_exposure
from desk_platform.settings.exposure import exposures
from desk_platform.settings.loader import read_settings
from desk_platform.settings.secret_strength import why_guessable
from pydantic_settings import SettingsConfigDict

RANDOM = "f3Kp9vQx71LmZt0bRwYc5hNd8sJa2gUe4"


class IntakeSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="INTAKE_")


SAFE = {
    "DESK_ENVIRONMENT": "prod",
    "DESK_KAFKA_SECURITY": "SASL_SSL",
    "DESK_KAFKA_USERNAME": "desk-intake",
    "DESK_KAFKA_PASSWORD": RANDOM,
    "DESK_STORE_USERNAME": "intake",
    "DESK_STORE_PASSWORD": RANDOM,
    "DESK_OIDC_ISSUER": "https://sign-in.example.org/desk",
    "DESK_CURSOR_SECRET": RANDOM,
}
WEAK = {
    "http-issuer": {"DESK_OIDC_ISSUER": "http://sign-in.example.org/desk"},
    "plaintext-brokers": {"DESK_KAFKA_SECURITY": "SASL_PLAINTEXT"},
    "brokers-without-login": {
        "DESK_KAFKA_SECURITY": "SSL",
        "DESK_KAFKA_USERNAME": "",
        "DESK_KAFKA_PASSWORD": "",
    },
    "store-without-login": {"DESK_STORE_USERNAME": "", "DESK_STORE_PASSWORD": ""},
    "weak-secrets": {"DESK_CURSOR_SECRET": "0123456789" * 4},
    "unknown-sources": {"DESK_UNKNOWN_SOURCES": "accept"},
}


def find_exposures(**environ: str) -> list[str]:
    return list(exposures(read_settings(IntakeSettings, SAFE | environ)))


def test_what_is_safe_starts() -> None:
    refuse_exposure(read_settings(IntakeSettings, SAFE))


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("weakness", WEAK)
def test_a_weakness_is_refused_unless_it_is_named(weakness: str, environment: str) -> None:
    weak = {**WEAK[weakness], "DESK_ENVIRONMENT": environment}
    (sentence,) = find_exposures(**weak)
    assert f"DESK_ALLOW_INSECURE={weakness}" in sentence
    assert RANDOM not in sentence
    others = ",".join(item for item in WEAK if item != weakness)
    assert find_exposures(**weak, DESK_ALLOW_INSECURE=others) == [sentence]
    assert find_exposures(**weak, DESK_ALLOW_INSECURE=weakness) == []


def test_all_weaknesses_are_told_at_once() -> None:
    bare = {"DESK_OIDC_ISSUER": "http://sign-in.example.org", "DESK_CURSOR_SECRET": "short"}
    with pytest.raises(SettingsError) as caught:
        refuse_exposure(read_settings(IntakeSettings, bare))
    assert len(caught.value.problems) == 5


def test_an_unknown_weakness_is_told_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"DESK_ALLOW_INSECURE cannot be 'all'.*http-issuer"):
        find_exposures(DESK_ALLOW_INSECURE="all")


@pytest.mark.parametrize("name", ["none", "HS256", "hs512", "RS1", "rs256", "ES256K", "Ed"])
@pytest.mark.parametrize("environment", ["local", "dev", "prod"])
def test_an_unknown_algorithm_is_refused_everywhere(name: str, environment: str) -> None:
    every = ",".join(WEAK)
    local = {"DESK_KAFKA_SECURITY": "", "DESK_KAFKA_USERNAME": "", "DESK_KAFKA_PASSWORD": ""}
    (sentence,) = find_exposures(
        DESK_OIDC_ALGORITHMS=f"RS256,{name}",
        DESK_ENVIRONMENT=environment,
        DESK_ALLOW_INSECURE=every,
        **(local if environment == "local" else {}),
    )
    assert sentence.startswith(f"DESK_OIDC_ALGORITHMS names {name},")


def local(**environ: str) -> list[str]:
    here = {"DESK_ENVIRONMENT": "local", **environ}
    return list(exposures(read_settings(IntakeSettings, here)))


def test_local_listens_on_this_machine_unless_told_otherwise() -> None:
    settings = read_settings(IntakeSettings, {"DESK_ENVIRONMENT": "local"})
    assert settings.http_host == "127.0.0.1"
    assert list(exposures(settings)) == []
    assert read_settings(IntakeSettings, {}).http_host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_local_listens_on_any_address_of_this_machine(host: str) -> None:
    assert local(INTAKE_HTTP_HOST=host) == []


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.7", "192.168.1.4", "desk.example.org", "localhost.example.org"],  # noqa: S104
)
def test_local_refuses_a_host_that_others_reach(host: str) -> None:
    (sentence,) = local(INTAKE_HTTP_HOST=host)
    assert sentence.startswith(f"INTAKE_HTTP_HOST is {host}, but DESK_ENVIRONMENT is local")


@pytest.mark.parametrize("security", ["SASL_SSL", "SASL_PLAINTEXT"])
def test_local_refuses_brokers_that_ask_who_comes(security: str) -> None:
    login = {"DESK_KAFKA_USERNAME": "a", "DESK_KAFKA_PASSWORD": "b"}
    (sentence,) = local(DESK_KAFKA_SECURITY=security, **login)
    assert sentence.startswith(f"DESK_KAFKA_SECURITY is {security}")


@pytest.mark.parametrize(
    "secret",
    [
        "short", "a" * 40, "ab" * 20, "0123456789abcdef" * 2, "11112222" * 5,
        "abcdefghijklmnopqrstuvwxyz0123456789", "this-is-the-very-secret-key-of-us",
        "please-change-me-before-production-0",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    ],
)  # fmt: skip
def test_what_was_typed_or_repeats_is_no_secret(secret: str) -> None:
    assert why_guessable(secret, 32)


def test_what_a_generator_makes_is_a_secret() -> None:
    generator = random.Random(7)  # noqa: S311  a test that is the same each time
    for _ in range(2_000):
        raw = generator.randbytes(32)
        for made in (raw[:16].hex(), raw.hex(), urlsafe_b64encode(raw).decode()):
            assert why_guessable(made, 32) is None


def test_a_file_of_one_machine_is_no_store_for_others() -> None:
    (sentence,) = find_exposures(DESK_STORE="sqlite:/var/lib/desk")
    assert "replica set" in sentence
