"""What would let strangers in, found before a service starts; pure, one sentence for each.

`local` believes plain headers, so nobody but this machine may reach it. Everywhere else each
weakness is refused unless `DESK_ALLOW_INSECURE` names it.
"""

import ipaddress
from collections.abc import Callable, Iterator

from pydantic import BaseModel, SecretStr

from desk_platform.settings.groups import PUBLIC_KEY_ALGORITHMS, Environment, Weakness
from desk_platform.settings.loader import SettingsError, variables
from desk_platform.settings.secret_strength import why_guessable
from desk_platform.settings.service import ServiceSettings

# Made for us by people or by machines, and checked by others who slow down whoever guesses.
_MIN_PASSWORD = 12
# Checked by nobody but us: whoever has a cursor can try keys at home.
_MIN_KEY = 32
_KEY = "DESK_CURSOR_SECRET"


def refuse_exposure(settings: ServiceSettings) -> None:
    """`SettingsError` with everything that must be changed before this may serve."""
    if problems := list(exposures(settings)):
        raise SettingsError(problems)


def exposures(settings: ServiceSettings) -> Iterator[str]:
    """One sentence for each setting that would let strangers in."""
    yield from _unknown_algorithms(settings)
    if settings.environment is Environment.LOCAL:
        yield from _open_doors_of_local(settings)
        return
    for weakness, find in _WEAKNESSES.items():
        if weakness in settings.allow_insecure:
            continue
        for problem in find(settings):
            yield (
                f"{problem} Where that is wanted, name it: DESK_ALLOW_INSECURE={weakness.value}."
            )


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unknown_algorithms(settings: ServiceSettings) -> Iterator[str]:
    public = ", ".join(PUBLIC_KEY_ALGORITHMS)
    if not settings.sign_in.algorithms:
        yield f"DESK_OIDC_ALGORITHMS names nothing; name one or more of {public}."
    for name in settings.sign_in.algorithms:
        if name not in PUBLIC_KEY_ALGORITHMS:
            is_open = name.lower() == "none" or name.upper().startswith("HS")
            reason = "anybody could sign with" if is_open else "is no signature that is known here"
            word = f"{name}, which {reason}" if name else "an empty name"
            yield f"DESK_OIDC_ALGORITHMS names {word}; name one or more of {public}."


def _open_doors_of_local(settings: ServiceSettings) -> Iterator[str]:
    here = "DESK_ENVIRONMENT is local, where whoever gets through is believed"
    prefix = str(settings.model_config.get("env_prefix", ""))
    if not is_loopback(settings.http_host):
        yield (
            f"{prefix}HTTP_HOST is {settings.http_host}, but {here}; set it to 127.0.0.1, or set"
            " DESK_ENVIRONMENT to dev or prod and DESK_OIDC_ISSUER."
        )
    if settings.kafka.security.has_login or settings.kafka.cert_file is not None:
        yield (
            f"DESK_KAFKA_SECURITY is {settings.kafka.security}, which signs in at brokers that"
            f" others share, but {here}; set DESK_ENVIRONMENT to dev or prod, or use brokers of"
            " this machine with PLAINTEXT."
        )


def _plain_issuer(settings: ServiceSettings) -> Iterator[str]:
    issuer = settings.sign_in.issuer
    if issuer is not None and not issuer.lower().startswith("https://"):
        yield (
            f"DESK_OIDC_ISSUER is '{issuer}': whoever stands between could give us keys of their"
            " own; use its https:// address."
        )


def _plain_brokers(settings: ServiceSettings) -> Iterator[str]:
    security = settings.kafka.security
    if not security.has_tls:
        yield f"DESK_KAFKA_SECURITY is {security}, which anybody on the way reads; use SASL_SSL."


def _nameless_at_brokers(settings: ServiceSettings) -> Iterator[str]:
    kafka = settings.kafka
    if not kafka.security.has_login and kafka.cert_file is None:
        yield (
            "The service has no name at the brokers, so they cannot tell it from others; set"
            " DESK_KAFKA_USERNAME and DESK_KAFKA_PASSWORD, or DESK_KAFKA_CERT_FILE."
        )


def _nameless_at_store(settings: ServiceSettings) -> Iterator[str]:
    if settings.store.url.startswith("sqlite:"):
        yield (
            "DESK_STORE is a folder of one machine, whose loss would lose all; use a replica set of"
            " MongoDB."
        )
    elif settings.store.username is None:
        yield (
            "The store asks for no password; set DESK_STORE_USERNAME and DESK_STORE_PASSWORD, and"
            " make MongoDB ask for them."
        )


def _guessable_secrets(settings: ServiceSettings) -> Iterator[str]:
    for variable, (path, _) in variables(type(settings)).items():
        value: object = settings
        for name in path:
            value = getattr(value, name) if isinstance(value, BaseModel) else None
        if isinstance(value, SecretStr):
            least = _MIN_KEY if variable == _KEY else _MIN_PASSWORD
            if reason := why_guessable(value.get_secret_value(), least):
                yield f"{variable} can be guessed: {reason}; make one at random."


def _unknown_sources(settings: ServiceSettings) -> Iterator[str]:
    if settings.accepts_unknown_sources:
        yield (
            "DESK_UNKNOWN_SOURCES is accept, so whoever may write a topic speaks as anybody; list"
            " who publishes in the charter's sources.yaml."
        )


_WEAKNESSES: dict[Weakness, Callable[[ServiceSettings], Iterator[str]]] = {
    Weakness.HTTP_ISSUER: _plain_issuer,
    Weakness.PLAINTEXT_BROKERS: _plain_brokers,
    Weakness.BROKERS_WITHOUT_LOGIN: _nameless_at_brokers,
    Weakness.STORE_WITHOUT_LOGIN: _nameless_at_store,
    Weakness.WEAK_SECRETS: _guessable_secrets,
    Weakness.UNKNOWN_SOURCES: _unknown_sources,
}
