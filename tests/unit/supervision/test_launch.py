"""What a start leaves out: the collector, events that nobody has met, libraries of few runbooks."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Written by the module that the process imports first, and by one that is tuned.
PROBE = """
import gc
print("collects" if gc.isenabled() else "does not collect")
raise SystemExit
"""
TUNED = """
import gc
gc.disable()
from desk_platform.runtime import tune_interpreter
tune_interpreter()
print("collects" if gc.isenabled() and gc.get_freeze_count() else "does not collect")
"""
HEAPS = """
import ctypes
from threading import Barrier, Thread
libc, barrier = ctypes.CDLL(None), Barrier(4)
def work():
    barrier.wait()
    block = libc.malloc(600)
    barrier.wait()
threads = [Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""
TERMINALS = """
import sys
from types import ModuleType
startup = sys.modules["desk_platform.startup"] = ModuleType("startup")
unwanted = ("rich", "prompt_toolkit", "typer", "pygments")
startup.start_service = lambda table: print(
    table.name, [name for name in unwanted if sys.modules.get(name)]
)
from desk_platform.launch import launch
for name in ("automation", "notify"):
    launch(name)
"""
IMPORTED = """
import importlib, sys
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.topics import SERVICES
for name in SERVICES:
    importlib.import_module(f"desk_{name}.service")
print(sorted(name for name, kind in PAYLOADS.items() if kind.__pydantic_complete__))
print(sorted({"aiosmtpd", "asyncssh", "imapclient", "ldap3"} & sys.modules.keys()))
"""


def answer(code: str, path: Path | None = None) -> str:
    """What an interpreter of its own prints."""
    env = os.environ if path is None else {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_nothing_is_collected_while_a_service_is_imported(tmp_path: Path) -> None:
    (tmp_path / "desk_probe").mkdir()
    (tmp_path / "desk_probe" / "service.py").write_text(PROBE)
    code = "from desk_platform.launch import launch; launch('probe')"
    assert answer(code, tmp_path) == "does not collect"


def test_a_service_that_runs_collects_what_is_new() -> None:
    assert answer(TUNED) == "collects"


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="glibc has heaps")
def test_all_threads_share_one_heap_from_the_first_import_on(tmp_path: Path) -> None:
    (tmp_path / "desk_probe").mkdir()
    (tmp_path / "desk_probe" / "service.py").write_text(f"{HEAPS}raise SystemExit")
    launched = answer("from desk_platform.launch import launch; launch('probe')", tmp_path)
    assert launched.count("<heap") == 1
    assert answer(HEAPS).count("<heap") > 1


def test_imports_build_no_event_and_load_no_library_that_few_use() -> None:
    assert answer(IMPORTED) == "[]\n[]"


def test_a_service_loads_nothing_to_write_to_terminals() -> None:
    """Conditions are read all the same: `cel` does without its shell."""
    assert answer(TERMINALS) == "automation []\nnotify []"
