"""Sources: which outside systems publish events, what each may speak for, and how each signs in.

Pure. No secret stands here: a token is known by its SHA-256 digest only.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final, Self

from desk_contracts.errors import Invalid
from desk_contracts.signing import identify_key
from desk_contracts.source_names import is_reserved
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from desk_charter.value_types import CharterModel, Slug, Title

# Names of users that begin so are rendered for the desk's own services, teams and operators.
OWN_USERS: Final = "desk-"
# While a token is changed the old and the new one are both valid; a third would be one forgotten.
MOST_TOKENS: Final = 2
DEFAULT_BYTES_PER_SECOND: Final = 1_048_576

_OF_NOTHING: Final = sha256(b"").hexdigest()
_PREFIX = re.compile(r"(/|[A-Za-z][A-Za-z0-9+.-]*:)[!-~]*[!-.0-~]")
# `.` and `..` as segments, also spelled with percent signs: another reader may resolve them.
_DOTTED = re.compile(r"(?:^|[/:])(?:\.|%2e){1,2}(?=[/?#]|$)", re.IGNORECASE)


def is_covered(prefix: str, source: str) -> bool:
    """Whether a source is the prefix itself or lies below it, by whole segments.

    `/monitor/zabbix` covers `/monitor/zabbix/eu` and never `/monitor/zabbix-evil`.
    """
    if not source.startswith(prefix) or _DOTTED.search(source):
        return False
    rest = source[len(prefix) :]
    parting = "/?#:" if prefix.startswith("urn:") else "/?#"
    return not rest or rest[0] in parting


def is_named(pattern: str, name: str) -> bool:
    """Whether a name is the pattern, or begins with it where the pattern ends with `*`."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _check_prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise ValueError(
            f"'{value[:60]}' is no beginning of sources; write a path without blanks and without"
            " '/' at its end, like /monitor/zabbix"
        )
    if _DOTTED.search(value):
        raise ValueError(f"'{value[:60]}' has '.' or '..' as a segment; write the plain path")
    if is_reserved(value):
        raise ValueError(f"'{value[:60]}' is the desk's own; sources below /desk are its services")
    return value


def _check_user(value: str) -> str:
    if value.startswith(OWN_USERS):
        raise ValueError(
            f"'{value}' begins with {OWN_USERS}, like the desk's own users; choose another name"
        )
    return value


def _check_digest(value: str) -> str:
    if value == _OF_NOTHING:
        raise ValueError("this is the digest of nothing at all: the token was empty; make another")
    return value


SourcePrefix = Annotated[
    str, StringConstraints(min_length=2, max_length=200), AfterValidator(_check_prefix)
]
EventType = Annotated[str, StringConstraints(pattern=r"^desk\.[a-z.-]+\.v\d+$")]
ServicePattern = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*\*?$", max_length=64)
]
SubjectPattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
TokenDigest = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), AfterValidator(_check_digest)
]
KafkaUser = Annotated[Slug, AfterValidator(_check_user)]


class OutsideSystem(CharterModel):
    """One publisher: what its events may say, and how it proves who it is."""

    name: Slug = Field(description="Stable id.")
    title: Title = Field(description="What people call it.")
    source: SourcePrefix = Field(
        description="What the `source` of all its events is, or begins with by whole segments."
    )
    types: tuple[EventType, ...] = Field(min_length=1, description="Types of event it may send.")
    services: tuple[ServicePattern, ...] = Field(
        default=(),
        description="Services it may speak for, exactly or as a beginning with '*'; each of its"
        " events must then name one of them. Default: any, and none.",
    )
    subjects: tuple[SubjectPattern, ...] = Field(
        default=(),
        description="Subjects of its events, exactly or as a beginning with '*'. Default: any.",
    )
    kafka_user: KafkaUser | None = Field(
        default=None, description="Its user on Kafka, which is made for it alone."
    )
    token_sha256: tuple[TokenDigest, ...] = Field(
        default=(),
        max_length=MOST_TOKENS,
        description="SHA-256 digests of its random tokens for HTTP; two while one is changed.",
    )
    sign_in: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="The `sub` of its sign-in tokens, where it has a client at your provider.",
    )
    endpoints: bool = Field(
        default=False,
        description="Whether it is devices' agents, which also get the desk's actions.",
    )
    device_keys: dict[str, tuple[str, ...]] = Field(
        default={},
        description="Public keys of devices by name, two while one is changed. What such a device"
        " answers counts only with its signature.",
    )
    bytes_per_second: int = Field(
        default=DEFAULT_BYTES_PER_SECOND,
        ge=1_024,
        le=1_073_741_824,
        description="What its Kafka user may write and read on each broker.",
    )
    revoked: bool = Field(
        default=False, description="Whether nothing is taken from it any more; its name stays."
    )

    @model_validator(mode="after")
    def says_nothing_twice(self) -> Self:
        """What stands there twice was meant to be something else."""
        for name in ("types", "services", "subjects", "token_sha256"):
            given: Sequence[str] = getattr(self, name)
            twice = next((item for at, item in enumerate(given) if item in given[:at]), None)
            if twice is not None:
                raise ValueError(f"'{twice}' stands twice in {name}; take one out or correct it")
        return self

    @model_validator(mode="after")
    def has_a_way_in(self) -> Self:
        """Who can never be recognised is a mistake, or should be marked as revoked."""
        if not (self.kafka_user or self.token_sha256 or self.sign_in or self.revoked):
            raise ValueError(
                "it has no way in; give it a kafka_user, a token_sha256 or a sign_in,"
                " or write 'revoked: true'"
            )
        if self.device_keys and not self.endpoints:
            raise ValueError("only devices' agents sign answers; write 'endpoints: true'")
        for device, keys in self.device_keys.items():
            if not keys:
                raise ValueError(f"'{device}' has no key; name one or leave it out")
            for key in keys:
                try:
                    identify_key(key)
                except Invalid as error:
                    raise ValueError(f"'{device}': {error.message}") from error
        if self.endpoints and self.kafka_user is None and not self.revoked:
            raise ValueError("endpoints read the desk's actions from Kafka; give it a kafka_user")
        return self

    @cached_property
    def known_types(self) -> frozenset[str]:
        """The same types, quick to look up."""
        return frozenset(self.types)

    def may_name(self, service: str) -> bool:
        """Whether it may speak for that service."""
        return not self.services or any(is_named(item, service) for item in self.services)

    def may_concern(self, subject: str) -> bool:
        """Whether its events may have that subject."""
        return not self.subjects or any(is_named(item, subject) for item in self.subjects)
