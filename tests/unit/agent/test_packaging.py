"""What a device installs: the example can be used, and the lock has all that the agent imports."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from desk_agent.config import read_config

ROOT = Path(__file__).parents[3]
OURS = {"desk_agent", "desk_contracts"}


def test_the_example_of_the_agents_file_can_be_used() -> None:
    config = read_config(ROOT / "deploy/agent/agent.toml")
    assert (config.device, config.telemetry.every.total_seconds()) == ("laptop-0417", 60)


def test_the_lock_has_all_that_the_agent_imports() -> None:
    code = (
        "import sys, desk_agent.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    tops = {name.partition(".")[0] for name in answer.stdout.split()}
    modules = tops - sys.stdlib_module_names - OURS
    by_module = packages_distributions()
    needed = {
        name.lower().replace("_", "-") for module in modules for name in by_module.get(module, ())
    }
    lock = (ROOT / "deploy/agent/requirements.lock").read_text(encoding="utf-8")
    pins = set(re.findall(r"^([a-z0-9-]+)==", lock, re.M))
    assert needed
    assert needed - {"cython", "setuptools"} <= pins


def test_check_reads_the_file_and_does_nothing(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text("device = 7", encoding="utf-8")
    command = [sys.executable, "-m", "desk_agent", "--check", "--config"]
    wrong = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert (wrong.returncode, "device" in wrong.stderr) == (2, True)
    example = str(ROOT / "deploy/agent/agent.toml")
    right = subprocess.run([*command, example], capture_output=True, text=True, check=False)
    assert (right.returncode, right.stderr) == (0, "")
