"""The first lines of a service's process; so it imports nothing but what it runs next."""

import gc
import importlib
import sys
from types import ModuleType

# What libraries load to write to terminals: structlog, where it is there, the shell of `cel`, the
# command of httpx. A service writes JSON, and would pay a tenth of a second for them.
_ABSENT: dict[str, ModuleType | None] = {
    "rich": None,
    "cel.cli": ModuleType("cel.cli"),
    "httpx._main": None,
}


def launch(name: str) -> None:
    """Import the service of that name and start it; `python -m desk_<name>` does no more.

    What is imported and composed lives as long as the process. The collector would look at it again
    and again for a fifth of the CPU of a start; `tune_interpreter` switches it on.
    """
    gc.disable()
    sys.modules |= _ABSENT  # type: ignore[arg-type]  # None: there is none
    table = importlib.import_module(f"desk_{name}.service").SERVICE
    importlib.import_module("desk_platform.startup").start_service(table)
