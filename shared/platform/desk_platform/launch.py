"""The first lines of a service's process; so it imports nothing but what it runs next."""

import contextlib
import ctypes
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
# glibc's number for the option of `mallopt` that limits its heaps.
_M_ARENA_MAX = -8


def launch(name: str) -> None:
    """Import the service of that name and start it; `python -m desk_<name>` does no more."""
    prepare()
    table = importlib.import_module(f"desk_{name}.service").SERVICE
    importlib.import_module("desk_platform.startup").start_service(table)


def prepare() -> None:
    """What has to be done before anything is imported; once more does no harm.

    What is imported and composed lives as long as the process. The collector would look at it again
    and again for a fifth of the CPU of a start; `tune_interpreter` switches it on.
    """
    gc.disable()
    share_one_heap()
    sys.modules |= _ABSENT  # type: ignore[arg-type]  # None: there is none


def share_one_heap() -> None:
    """Let all threads take their memory from one heap.

    glibc gives each thread a heap, and what one has freed no other can use. The threads of the
    store and of the index hold the interpreter's lock for most of what they do, so they do not
    wait for each other here. Before anything is imported: numbers bring threads of their own, and a
    heap that is there is used. Another C library is left as it is.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
