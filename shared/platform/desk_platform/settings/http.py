"""How much of HTTP a service takes, from everybody together and from each caller."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from desk_platform.settings.groups import SettingsGroup


def _short(value: timedelta) -> timedelta:
    if not timedelta(seconds=0.1) <= value <= timedelta(minutes=10):
        raise ValueError("it must lie between 0.1 and 600 seconds.")
    return value


_Span = Annotated[timedelta, AfterValidator(_short)]


class HttpSettings(SettingsGroup):
    """The bounds of the HTTP side; each is for one process."""

    header_bytes: Annotated[int, Field(ge=2_048, le=1_048_576)] = Field(
        default=32_768, validation_alias="DESK_HTTP_HEADER_BYTES"
    )
    """How long a request's line and headers may be together; more is answered with 431."""

    header_timeout: _Span = Field(
        default=timedelta(seconds=10), validation_alias="DESK_HTTP_HEADER_TIMEOUT"
    )
    """How long a caller may take for a request's headers, in seconds; then 408 and the end."""

    body_timeout: _Span = Field(
        default=timedelta(seconds=30), validation_alias="DESK_HTTP_BODY_TIMEOUT"
    )
    """How long a caller may take for a request's body, in seconds; then 408 and the end."""

    write_timeout: _Span = Field(
        default=timedelta(seconds=30), validation_alias="DESK_HTTP_WRITE_TIMEOUT"
    )
    """How long a caller may take to accept more of an answer, in seconds; then the end."""

    keep_alive: _Span = Field(default=timedelta(seconds=5), validation_alias="DESK_HTTP_KEEP_ALIVE")
    """How long a connection without a request stays open, in seconds."""

    connections: Annotated[int, Field(ge=8, le=1_000_000)] = Field(
        default=2_000, validation_alias="DESK_HTTP_CONNECTIONS"
    )
    """How many connections are open at once; more close those that wait longest for a request."""

    concurrency: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1_000, validation_alias="DESK_HTTP_CONCURRENCY"
    )
    """How many calls are worked on at once; more are answered with 503, probes always."""

    rate: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        default=100.0, validation_alias="DESK_HTTP_RATE"
    )
    """How many calls a second one caller may make in the long run; more are answered with 429."""

    burst: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=500, validation_alias="DESK_HTTP_BURST"
    )
    """How many calls one caller may make at once after a rest."""

    anonymous_rate: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        default=20.0, validation_alias="DESK_HTTP_ANONYMOUS_RATE"
    )
    """The same for one address whose callers do not sign in."""

    anonymous_burst: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=100, validation_alias="DESK_HTTP_ANONYMOUS_BURST"
    )
    """The same for one address whose callers do not sign in."""

    trusted_proxies: tuple[str, ...] = Field(
        default=(), validation_alias="DESK_HTTP_TRUSTED_PROXIES"
    )
    """Addresses and networks whose `X-Forwarded-For` is believed, with commas between."""
