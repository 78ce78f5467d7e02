"""What is asked of a machine's own programs: a command over SSH, a script."""

import re
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from desk_charter.addresses import PARAMETER
from desk_charter.request_model import (
    ALL_EFFECTS,
    WITHOUT_KEY,
    Arguments,
    Effect,
    ExitCode,
    HostKey,
    HostTemplate,
    Port,
    Request,
    SecretName,
    Template,
)
from desk_charter.value_types import Duration, read_duration


class CommandRequest(Request):
    """What a command and a script have in common: an exit code, and who remembers the key."""

    READS = "write 'reads: true' if the command changes nothing"

    reads: bool = Field(
        default=False, description="The command changes nothing, so that a probe may run it."
    )
    no_effect: tuple[ExitCode, ...] = Field(
        default=(),
        max_length=20,
        description="Exit codes by which it says that it did nothing, and never will. Any other "
        "than 0 leaves the effect unknown.",
    )
    later: tuple[ExitCode, ...] = Field(
        default=(),
        max_length=20,
        description="Exit codes by which it says that it did nothing now; it is tried again.",
    )

    @property
    def only_reads(self) -> bool:
        return self.reads

    @property
    def has_exit_code(self) -> bool:
        return True

    @property
    def effects(self) -> frozenset[Effect]:
        """A key that the command is not given cannot be remembered."""
        has_key = any(re.search(r"\$\{\s*key\s*\}", text) for _, text in self.texts())
        return ALL_EFFECTS if has_key else WITHOUT_KEY

    @model_validator(mode="after")
    def codes_say_one_thing(self) -> Self:
        """An exit code is final or not."""
        if both := set(self.no_effect) & set(self.later):
            raise ValueError(f"exit code {min(both)} stands in 'no_effect' and in 'later'")
        return self


class SshRequest(CommandRequest):
    """One command on a machine that OpenSSH or its like serves."""

    host: HostTemplate = Field(description="Name or address, e.g. ${data.attributes.host}.")
    port: Port = Field(default=22, description="Its port.")
    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")] = Field(
        description="As whom the desk signs in."
    )
    key: SecretName = Field(description="Name of the secret that is the desk's private key.")
    host_keys: tuple[HostKey, ...] = Field(
        min_length=1,
        max_length=100,
        description="Lines of known_hosts. No other key is believed; many machines share one line "
        "that begins with @cert-authority.",
    )
    command: Arguments = Field(
        min_length=1,
        description="The program and its arguments. Each is one argument, whatever an event says.",
    )

    @field_validator("command")
    @classmethod
    def names_its_program(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        """An event never says which program runs."""
        if PARAMETER.search(command[0]):
            raise ValueError("the program is written in the runbook; parameters follow it")
        return command

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        yield ("host",), self.host
        for text in self.command:
            yield ("command",), text


class ScriptRequest(CommandRequest):
    """One script of automation's folder of scripts, on automation's own machine."""

    script: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] = Field(
        description="Name of its file."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of what was reviewed (sha256sum FILE); nothing else is run."
    )
    arguments: Arguments = Field(
        default=(), description="Each is one argument, whatever an event says."
    )
    environment: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")], Template
    ] = Field(default={}, max_length=50, description="All that its environment has, beside PATH.")
    secrets: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")], SecretName
    ] = Field(default={}, max_length=20, description="Variables that are secrets, by name.")
    cpu: Duration = Field(default=read_duration("30s"), description="Most time on a processor.")
    memory_mib: int = Field(default=512, ge=16, le=65536, description="Most memory, in MiB.")
    file_mib: int = Field(default=64, ge=0, le=65536, description="Largest file it may write.")
    files: int = Field(default=64, ge=16, le=65536, description="Most open files.")
    processes: int = Field(default=32, ge=1, le=4096, description="Most processes and threads.")

    @model_validator(mode="after")
    def names_each_variable_once(self) -> Self:
        """What begins so changes how programs are loaded, or is ours."""
        for name in (*self.environment, *self.secrets):
            if name.startswith(("LD_", "DYLD_", "PYTHON", "DESK_")) or name in {"PATH", "HOME"}:
                raise ValueError(f"'{name}' is no variable that a runbook may set")
        if both := set(self.environment) & set(self.secrets):
            raise ValueError(f"'{min(both)}' stands in 'environment' and in 'secrets'")
        return self

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        for text in self.arguments:
            yield ("arguments",), text
        for name, text in self.environment.items():
            yield ("environment", name), text
