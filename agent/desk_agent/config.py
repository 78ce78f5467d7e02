"""The agent's file: what the device is called, which keys it believes, what may be done to it.

Nothing outside can widen it: no command, no policy and no event adds a folder or a program.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from desk_contracts.errors import Invalid
from desk_contracts.frozen import Frozen
from desk_contracts.signing import Signer, identify_key
from pydantic import Field, ValidationError, field_validator, model_validator

_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Program = Annotated[tuple[str, ...], Field(min_length=1)]
_Wait = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(hours=1))]


class KafkaAccess(Frozen):
    """How the brokers are reached; the device has a user of its own or its fleet's."""

    servers: str
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "SASL_SSL"
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    topic_prefix: str = ""

    @model_validator(mode="after")
    def can_sign_in(self) -> Self:
        """A login needs both of its halves."""
        if self.security.startswith("SASL") and not (self.username and self.password_file):
            raise ValueError(f"{self.security} needs 'username' and 'password_file'")
        return self


class TelemetryPlan(Frozen):
    """What is measured, and how often. What is not there is not reported, and never as zero."""

    every: Annotated[timedelta, Field(ge=timedelta(milliseconds=100))] = timedelta(seconds=60)
    disk: Path = Path("/")
    quota_bytes: int = Field(default=0, ge=0)
    """How much `disk` may hold where it is a folder with a quota; 0 asks its file system."""
    crashes: Path | None = None
    """Folder in which the system leaves a file for each crash, like /var/crash."""
    sign_ins: Path | None = None
    """The system's log of refused sign-ins, in Linux' form: /var/log/btmp."""


class SpoolBounds(Frozen):
    """How much of what could not be sent yet is kept."""

    most_measurements: int = Field(default=20_000, ge=10)


class CleanFolder(Frozen):
    """A folder whose old files may be removed."""

    path: Path
    older_than: timedelta = timedelta(days=1)

    @field_validator("path")
    @classmethod
    def is_deep(cls, path: Path) -> Path:
        """Nobody meant to clean the whole machine."""
        if not path.is_absolute() or len(path.parts) < 3:
            raise ValueError(
                f"'{path}' is no folder to clean; name an absolute one, two levels deep"
            )
        return path


class ListedProgram(Frozen):
    """A program that may be run, exactly as it stands here, without a shell.

    `identity` prints what is another after it took effect: systemd's InvocationID of a service,
    the serial number of a certificate. Without it a kill in the middle stays in doubt.
    """

    run: Program
    identity: Program | None = None
    timeout: _Wait = timedelta(seconds=60)


class Reboot(Frozen):
    """How the machine is started anew, and who is asked before.

    `consent` ends with 0 where the person agrees; anything else, and silence, is no.
    """

    run: Program
    consent: Program
    consent_timeout: _Wait = timedelta(minutes=5)
    identity_file: Path = Path("/proc/sys/kernel/random/boot_id")
    within: timedelta = timedelta(minutes=10)


class AgentConfig(Frozen):
    """The whole file."""

    device: Annotated[str, Field(min_length=1, max_length=200)]
    state: Path
    kafka: KafkaAccess
    public_keys: tuple[str, ...] = Field(min_length=1)
    """The desk's public keys in base64; two while one is changed."""
    signing_key_file: Path | None = None
    """The device's own private key, 32 bytes in base64: signs what it answers."""
    source: str = "/endpoints"
    person: str = ""
    site: str = ""
    service: str = ""
    connect_every: _Wait = timedelta(minutes=5)
    telemetry: TelemetryPlan = TelemetryPlan()
    spool: SpoolBounds = SpoolBounds()
    clean: dict[_Name, CleanFolder] = Field(default_factory=dict)
    restart: dict[_Name, ListedProgram] = Field(default_factory=dict)
    renew: dict[_Name, ListedProgram] = Field(default_factory=dict)
    reboot: Reboot | None = None

    def read_signer(self) -> Signer | None:
        """What signs the answers; None without a key, `Invalid` for an unusable one."""
        file = self.signing_key_file
        if file is None:
            return None
        try:
            return Signer(file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError, Invalid) as error:
            text = f"signing_key_file: {file} cannot be used: {error}"
            raise Invalid(text, code="bad-config") from error

    @property
    def pinned(self) -> dict[str, str]:
        """The keys by their names."""
        return {identify_key(key): key for key in self.public_keys}

    @field_validator("public_keys")
    @classmethod
    def are_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Each can be read; a device that believes nobody is of no use."""
        for key in keys:
            try:
                identify_key(key)
            except Invalid as error:
                raise ValueError(error.message) from error
        return keys


def read_config(path: Path) -> AgentConfig:
    """The file as it stands; `Invalid` names the place of what is wrong."""
    try:
        return AgentConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}", code="bad-config") from error
    except ValidationError as error:
        [first, *_] = error.errors()
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Invalid(f"{path}: {place}: {first['msg']}", code="bad-config") from error
