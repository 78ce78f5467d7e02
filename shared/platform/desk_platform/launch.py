"""The first lines of a service's process; so it imports nothing but what it runs next."""

import gc
import importlib


def launch(name: str) -> None:
    """Import the service of that name and start it; `python -m desk_<name>` does no more.

    What is imported and composed lives as long as the process. The collector would look at it again
    and again for a fifth of the CPU of a start; `tune_interpreter` switches it on.
    """
    gc.disable()
    table = importlib.import_module(f"desk_{name}.service").SERVICE
    importlib.import_module("desk_platform.startup").start_service(table)
