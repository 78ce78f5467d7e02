"""What an operator types, as a process of its own: words in, exit code and words out."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from desk_local.paths import ROOT

from desk_testing.forks import FORK_SERVER

_LONGEST_S = 300


def run_desk(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`desk words` to its end."""
    return run_module("desk_cli", *words, env=env)


def run_module(
    module: str, *words: str, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """`python -m module words` in the project's folder to its end.

    It is a fork of a process that has imported all services and commands (ADR 108).
    """
    if sys.platform != "linux":
        command = [sys.executable, "-m", module, *words]
        return subprocess.run(  # noqa: S603 (our own module)
            command, env=env, cwd=ROOT, capture_output=True, text=True, check=False
        )
    with tempfile.TemporaryDirectory(prefix="desk-typed-") as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        fork = FORK_SERVER.launch(module, env, output, complaints=errors, words=words)
        try:
            code = fork.wait(_LONGEST_S)
        finally:
            fork.kill()
        return subprocess.CompletedProcess(words, code, output.read_text(), errors.read_text())
