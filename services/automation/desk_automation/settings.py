"""The settings of automation."""

from datetime import timedelta
from typing import Annotated

from desk_shared.settings import ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict


class AutomationSettings(ServiceSettings):
    """What can be set from outside; see the README's table."""

    model_config = SettingsConfigDict(env_prefix="AUTOMATION_")

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8003
    """Port the HTTP side listens on; 0 takes a free one."""

    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.0/8", "::1")
    """Hosts that runbooks may call: names, `*.domain` patterns, addresses, networks; with commas.
    Nothing else is ever called, wherever an event says that its agent is."""

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

    stale_after: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(hours=1)
    """A signal older than this starts no repair, so that a replayed log repairs nothing."""
