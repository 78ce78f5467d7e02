"""A service's settings class, found by the service's name."""

import importlib

from desk_platform.settings import ServiceSettings

# In place of what a secret would say; long enough to sign cursors with.
MADE_UP = "f3Kp9vQx71LmZt0bRwYc5hNd8sJa2gUe4"


def settings_of(service: str) -> type[ServiceSettings]:
    """The one class of settings that the service declares."""
    module = importlib.import_module(f"desk_{service}.settings")
    (settings,) = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ServiceSettings)
        and value is not ServiceSettings
    ]
    return settings
