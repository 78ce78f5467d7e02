"""The settings of automation."""

from datetime import timedelta
from typing import Annotated

from desk_contracts.errors import Invalid
from desk_contracts.signing import Signer
from desk_platform.settings import ChainSecret, Environment, ServiceSettings
from pydantic import AfterValidator, DirectoryPath, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from desk_automation.adapters.executors.http_hosts import LOOPBACK, read_entry


def _is_host(text: str) -> str:
    read_entry(text)
    return text


def _is_signing_key(key: SecretStr | None) -> SecretStr | None:
    if key is not None:
        try:
            Signer(key.get_secret_value())
        except Invalid as error:
            raise ValueError(error.message) from error
    return key


class AutomationSettings(ServiceSettings):
    """What can be set from outside; see the README's table."""

    model_config = SettingsConfigDict(env_prefix="AUTOMATION_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8003
    """Port the HTTP side listens on; 0 takes a free one."""

    allowed_hosts: tuple[Annotated[str, AfterValidator(_is_host)], ...] = ()
    """Hosts that runbooks may call: names, `*.domain` patterns, addresses, networks; with commas.
    Ports stand behind a colon (`:8443`, `:9000-9010`, `:*`); without them it is 80 and 443.
    Nothing else is ever called, wherever an event says that its agent is; where none is listed
    nothing is, but on this machine in the environment `local`."""

    secrets: DirectoryPath | None = None
    """Folder of secrets that runbooks name, a file each, asked for at each attempt."""

    scripts: DirectoryPath | None = None
    """Folder of scripts that runbooks name by file and SHA-256; nothing else is run."""

    script_user: Annotated[int, Field(ge=1, le=2**31)] = 65534
    """Number of the user that scripts run as where the service is root; else they run as its own.
    """

    concurrency: Annotated[int, Field(ge=1, le=5000)] = 200
    """How many runs are worked on at once."""

    per_host: Annotated[int, Field(ge=1, le=5000)] = 32
    """How many calls go to one host and port at once, so that a slow one blocks nobody else."""

    lease: Annotated[timedelta, Field(ge=timedelta(seconds=1), le=timedelta(seconds=60))] = (
        timedelta(seconds=6)
    )
    """How long a worker may be silent before another takes its run over, in seconds."""

    queue_wait: Annotated[timedelta, Field(ge=timedelta(0))] = timedelta(hours=1)
    """How long a run waits for its target or a limit before people get it, in seconds."""

    device_signing_key: Annotated[SecretStr | None, AfterValidator(_is_signing_key)] = None
    """Private key that signs orders to devices' agents: 32 random bytes in base64, as
    `openssl rand -base64 32` makes them. Without it no order is given to any device."""

    chain_key: ChainSecret = None
    """Keys of the seals that chain the transitions of runs, one a line, each at least 32 random
    characters, kept for ever: `desk audit --runs` checks the log with them. The first one seals,
    the others check what they sealed before. Without a key nothing is sealed, but in the
    environment `local`, where everybody knows the key."""

    stale_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(hours=1)
    """A signal older than this starts no repair, so that a replayed log repairs nothing."""

    @property
    def callable_hosts(self) -> tuple[str, ...]:
        """The list in force."""
        is_local = self.environment is Environment.LOCAL
        return self.allowed_hosts or (LOOPBACK if is_local else ())
