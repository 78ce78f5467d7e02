"""Settings that belong together: brokers, store, sign-in. Each field names its own variable."""

import re
import ssl
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FilePath, SecretStr
from pydantic import model_validator as check_together


class Environment(StrEnum):
    """Where the desk runs; only `local` opens the development doors."""

    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


class KafkaSecurity(StrEnum):
    """How brokers are spoken to."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def has_login(self) -> bool:
        return self.name.startswith("SASL")

    @property
    def has_tls(self) -> bool:
        return self.name.endswith("SSL")


class SaslMechanism(StrEnum):
    """How a service proves who it is to the brokers."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class StoreDriver(StrEnum):
    """Which client speaks to MongoDB."""

    MOTOR = "motor"
    PYMONGO = "pymongo"


class UnknownSources(StrEnum):
    """What happens to events of systems that the charter does not list."""

    REFUSE = "refuse"
    ACCEPT = "accept"


class LogLevel(StrEnum):
    """The least severe log line that is written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Weakness(StrEnum):
    """What is refused outside `local` unless it is named; each opens one door."""

    HTTP_ISSUER = "http-issuer"
    PLAINTEXT_BROKERS = "plaintext-brokers"
    BROKERS_WITHOUT_LOGIN = "brokers-without-login"
    STORE_WITHOUT_LOGIN = "store-without-login"
    WEAK_SECRETS = "weak-secrets"
    UNKNOWN_SOURCES = "unknown-sources"


# Only the issuer can sign with these. `none` and HS… anybody could: their key is known to all.
PUBLIC_KEY_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448",
)  # fmt: skip


def _must_match(pattern: str, sentence: str) -> AfterValidator:
    """A text that must look a certain way, with a sentence instead of the pattern when not."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


WebAddress = Annotated[
    str, _must_match(r"https?://\S+", "it must begin with http:// or https://, without blanks.")
]
_Instance = Annotated[
    str,
    _must_match(
        r"[a-zA-Z0-9._-]{1,200}", "write letters, digits, dots, dashes or underlines, 200 at most."
    ),
]
_Servers = Annotated[
    str,
    _must_match(
        r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*",
        "write host:port, several with commas between and no blanks.",
    ),
]
_StoreAddress = Annotated[
    str,
    _must_match(
        r"mongodb(\+srv)?://[^@\s]+|sqlite:\S.*",
        "write mongodb://host:port, or sqlite:FOLDER on one machine; user name and password belong"
        " into DESK_STORE_USERNAME and DESK_STORE_PASSWORD.",
    ),
]
_DatabasePrefix = Annotated[
    str, _must_match(r"[A-Za-z0-9_-]{0,30}", "use at most 30 letters, digits, _ and -.")
]


TopicPrefix = Annotated[
    str, _must_match(r"[A-Za-z0-9._-]{0,40}", "use at most 40 letters, digits, '.', '_' and '-'.")
]


def _reason_of(error: OSError) -> str:
    """OpenSSL's in plain letters, without the line of its code."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error)


def _find_unreadable(variable: str, ca: Path | None) -> Iterator[str]:
    """Certificates that nobody could be checked by: an empty file, a key, a password."""
    if ca is None:
        return
    try:
        ssl.create_default_context(cafile=ca)
    except OSError as error:
        yield (
            f"{variable} is {ca}, which holds no certificates in PEM"
            f" ({_reason_of(error)}); name the file of the authority's certificates."
        )


class SettingsGroup(BaseModel):
    """Settings that belong together; each field names its own variable."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
    )


class KafkaSettings(SettingsGroup):
    """How to reach the brokers."""

    bootstrap: _Servers = Field(default="127.0.0.1:9092", validation_alias="DESK_KAFKA")
    """Brokers to start from, as `host:port`, several with commas between."""

    security: KafkaSecurity = Field(
        default=KafkaSecurity.PLAINTEXT, validation_alias="DESK_KAFKA_SECURITY"
    )
    """How brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""

    sasl_mechanism: SaslMechanism = Field(
        default=SaslMechanism.SCRAM_SHA_512, validation_alias="DESK_KAFKA_SASL_MECHANISM"
    )
    """How the service proves who it is, when `DESK_KAFKA_SECURITY` begins with SASL."""

    username: str | None = Field(default=None, validation_alias="DESK_KAFKA_USERNAME")
    """Name of the Kafka user."""

    password: SecretStr | None = Field(default=None, validation_alias="DESK_KAFKA_PASSWORD")
    """Password of the Kafka user."""

    ca_file: FilePath | None = Field(default=None, validation_alias="DESK_KAFKA_CA_FILE")
    """PEM file with the certificates that sign the brokers' own; the system's when not given."""

    cert_file: FilePath | None = Field(default=None, validation_alias="DESK_KAFKA_CERT_FILE")
    """PEM file with this client's certificate, where brokers ask for one."""

    key_file: FilePath | None = Field(default=None, validation_alias="DESK_KAFKA_KEY_FILE")
    """PEM file with the private key of `DESK_KAFKA_CERT_FILE`."""

    instance: _Instance | None = Field(default=None, validation_alias="DESK_KAFKA_INSTANCE")
    """Name that this replica keeps over a restart and no other replica of the service has: after a
    crash it gets its partitions back at once. Without one the brokers wait some seconds."""

    dead_letter_budget: int = Field(default=10, ge=0, validation_alias="DESK_DEAD_LETTER_BUDGET")
    """Of how many documents a consumer may set records aside within a minute because of our own
    bugs before it stops (a quarter of it in the first minute after a start); 0 is no limit."""

    @property
    def servers(self) -> tuple[str, ...]:
        return tuple(self.bootstrap.split(","))

    @check_together(mode="after")
    def _agree(self) -> Self:
        for problem in self._disagreements():
            raise ValueError(problem)
        return self

    def _disagreements(self) -> Iterator[str]:
        has_login = self.username is not None and self.password is not None
        if self.security.has_login and not has_login:
            yield (
                f"DESK_KAFKA_SECURITY is {self.security}, which needs both DESK_KAFKA_USERNAME"
                " and DESK_KAFKA_PASSWORD; set both."
            )
        if not self.security.has_login and (self.username or self.password):
            yield (
                f"DESK_KAFKA_SECURITY is {self.security}, which sends no user name or password;"
                " unset DESK_KAFKA_USERNAME and DESK_KAFKA_PASSWORD, or choose SASL_SSL."
            )
        if not self.security.has_tls and (self.ca_file or self.cert_file):
            yield (
                f"DESK_KAFKA_SECURITY is {self.security}, which uses no certificates;"
                " unset DESK_KAFKA_CA_FILE and DESK_KAFKA_CERT_FILE, or choose SSL or SASL_SSL."
            )
        if (self.cert_file is None) != (self.key_file is None):
            yield (
                "DESK_KAFKA_CERT_FILE and DESK_KAFKA_KEY_FILE belong together; set both or neither."
            )
        yield from _find_unreadable("DESK_KAFKA_CA_FILE", self.ca_file)
        if self.cert_file is not None and self.key_file is not None:
            try:
                ssl.create_default_context().load_cert_chain(self.cert_file, self.key_file)
            except OSError as error:
                yield (
                    "DESK_KAFKA_CERT_FILE and DESK_KAFKA_KEY_FILE are no certificate with its key"
                    f" in PEM ({_reason_of(error)}); name the two files of one certificate."
                )


class StoreSettings(SettingsGroup):
    """How to reach the store: MongoDB, or files of SQLite on this machine."""

    url: _StoreAddress = Field(default="mongodb://127.0.0.1:27017", validation_alias="DESK_STORE")
    """`mongodb://host:port` without user name and password (these have variables of their own), or
    `sqlite:FOLDER` for a file of each service in that folder of this machine."""

    driver: StoreDriver = Field(default=StoreDriver.MOTOR, validation_alias="DESK_STORE_DRIVER")
    """Client library: `motor`, or `pymongo` for its own async client."""

    username: str | None = Field(default=None, validation_alias="DESK_STORE_USERNAME")
    """Name of the user of MongoDB."""

    password: SecretStr | None = Field(default=None, validation_alias="DESK_STORE_PASSWORD")
    """Password of the user of MongoDB."""

    ca_file: FilePath | None = Field(default=None, validation_alias="DESK_STORE_CA_FILE")
    """PEM file with the certificates that sign MongoDB's own; TLS is on when it is given."""

    database_prefix: _DatabasePrefix = Field(
        default="desk_", validation_alias="DESK_DATABASE_PREFIX"
    )
    """What stands before the service's name in the name of its database."""

    @check_together(mode="after")
    def _agree(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError(
                "DESK_STORE_USERNAME and DESK_STORE_PASSWORD belong together; set both or neither."
            )
        for problem in _find_unreadable("DESK_STORE_CA_FILE", self.ca_file):
            raise ValueError(problem)
        return self


class SignInSettings(SettingsGroup):
    """Whose bearer tokens are believed."""

    issuer: WebAddress | None = Field(default=None, validation_alias="DESK_OIDC_ISSUER")
    """Address of the OpenID provider, exactly as it stands in the tokens' `iss`."""

    audience: str = Field(default="experience-desk", validation_alias="DESK_OIDC_AUDIENCE")
    """What the tokens' `aud` must name."""

    algorithms: tuple[str, ...] = Field(
        default=("RS256", "ES256"), validation_alias="DESK_OIDC_ALGORITHMS"
    )
    """Signature algorithms that are accepted, with commas between."""

    roles_claim: str = Field(default="roles", validation_alias="DESK_OIDC_ROLES_CLAIM")
    """Claim with the person's roles; dots go deeper, as in `realm_access.roles`."""

    leeway: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(seconds=60))] = Field(
        default=timedelta(seconds=30), validation_alias="DESK_OIDC_LEEWAY"
    )
    """How far clocks may differ, in seconds, 60 at most."""

    cursor_secret: SecretStr | None = Field(default=None, validation_alias="DESK_CURSOR_SECRET")
    """Signs page cursors, the same in all replicas; at least 32 characters outside `local`."""
