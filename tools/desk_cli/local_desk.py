"""Which desk is meant: the one that the environment names, else the one that `make up` started."""

import os
from collections.abc import MutableMapping

from desk_local import state
from desk_local.origin import VARIABLES
from desk_local.paths import Places


def adopt_local_desk(env: MutableMapping[str, str] = os.environ) -> None:
    """Put the addresses of the local desk where the environment has none."""
    servers = state.read(Places.default()).servers
    for name, variable in VARIABLES.items():
        if not env.get(variable) and name in servers:
            env[variable] = servers[name].address
