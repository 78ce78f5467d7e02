"""What every service reads from the environment: frozen, complete, checked before anything starts.

Shared values have `DESK_*` names, a service's own values its prefix (`INTAKE_*`). Only `main` calls
`load_settings`; everywhere else settings are an argument.
"""

from desk_platform.settings.chain import ChainSecret, find_chain_keys
from desk_platform.settings.exposure import exposures, refuse_exposure
from desk_platform.settings.groups import (
    PUBLIC_KEY_ALGORITHMS,
    Environment,
    KafkaSecurity,
    KafkaSettings,
    SaslMechanism,
    SignInSettings,
    StoreDriver,
    StoreSettings,
)
from desk_platform.settings.http import HttpSettings
from desk_platform.settings.loader import SettingsError, load_settings, read_settings, variables
from desk_platform.settings.service import ServiceSettings

__all__ = [
    "PUBLIC_KEY_ALGORITHMS",
    "ChainSecret",
    "Environment",
    "HttpSettings",
    "KafkaSecurity",
    "KafkaSettings",
    "SaslMechanism",
    "ServiceSettings",
    "SettingsError",
    "SignInSettings",
    "StoreDriver",
    "StoreSettings",
    "exposures",
    "find_chain_keys",
    "load_settings",
    "read_settings",
    "refuse_exposure",
    "variables",
]
