"""What metrics reads from the environment, beside what all services do."""

from desk_platform.settings import ServiceSettings
from pydantic import Field
from pydantic_settings import SettingsConfigDict


class MetricsSettings(ServiceSettings):
    """Settings of the metrics service."""

    model_config = SettingsConfigDict(env_prefix="METRICS_")

    http_port: int = Field(default=8005, ge=0, le=65535)
    """Port the HTTP side listens on; 0 takes a free one."""
    people: int = Field(default=0, ge=0)
    """Employees served, for contacts per person; 0 leaves that figure out."""
    cost_per_minute: float = Field(default=0.0, ge=0)
    """What a lost minute of an employee costs, in any currency; 0 leaves that figure out."""
