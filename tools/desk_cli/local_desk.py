"""Which desk is meant: the one of the environment, else the one that `make up` started here.

Never one's brokers and another's store: what is compared then was never one desk.
"""

import os
from collections.abc import MutableMapping

from desk_local import state
from desk_local.origin import VARIABLES
from desk_local.paths import Places

# By service, the variable that says to a command where it answers.
_URLS = {
    name: f"DESKCLI_{name.upper()}_URL"
    for name in ("intake", "triage", "automation", "notify", "metrics")
}


def adopt_local_desk(env: MutableMapping[str, str] = os.environ) -> str:
    """Put the addresses of the local desk where the environment has none; says whose they are."""
    places = Places.default()
    local = state.read(places)
    is_given = any(env.get(variable) for variable in VARIABLES.values())
    is_same = all(
        env.get(VARIABLES[name]) in (None, "", server.address)
        for name, server in local.servers.items()
    )
    if not local.servers or not is_same:
        return "named by the environment" if is_given else "the defaults: no desk was started here"
    for name, server in local.servers.items():
        env[VARIABLES[name]] = env.get(VARIABLES[name]) or server.address
    for name, variable in _URLS.items():
        if name in local.processes and not env.get(variable):
            env[variable] = local.processes[name].address
    return "named by the environment" if is_given else f"the desk of {places.folder}"


def is_local(kafka: str) -> bool:
    """Whether these are the brokers of the desk that was started on this machine."""
    server = state.read(Places.default()).servers.get("kafka")
    return server is not None and server.address == kafka
