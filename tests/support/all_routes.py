"""Tells the routes of all services as JSON: `python -m tests.support.all_routes`.

A process of its own, since services are put together whole, with their telemetry.
"""

import importlib
import json
from collections.abc import Iterator

from desk_contracts.topics import SERVICES
from desk_platform.builder import assemble
from desk_platform.settings import read_settings
from fastapi.routing import iter_route_contexts


def all_routes() -> Iterator[tuple[str, str]]:
    """Each service's name with `METHOD /path`."""
    for name in SERVICES:
        table = importlib.import_module(f"desk_{name}.service").SERVICE
        app = assemble(table, read_settings(table.settings)).app
        for route in iter_route_contexts(app.routes):
            for method in route.methods or ["*"]:
                yield name, f"{method} {route.path}"


if __name__ == "__main__":
    print(json.dumps(list(all_routes())))  # noqa: T201
