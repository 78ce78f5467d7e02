"""A command loads itself and no other: most of what `desk` takes would be imports otherwise."""

import subprocess
import sys

LOADED = """
import sys
from desk_cli.main import add_commands, app
def names(): return {info.name for info in (*app.registered_commands, *app.registered_groups)}
own = names()
add_commands("tail")
print(names() - own, "desk_runbooks" in sys.modules, "desk_metrics" in sys.modules)
add_commands("report")
print(names() - own, "desk_runbooks" in sys.modules)
add_commands("--help")
print({"report", "runbook", "triage"} <= names())
"""


def test_other_commands_are_loaded_where_all_are_shown_or_none_is_known() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["set() False False", "{'report'} False", "True"], (
        done.stderr
    )
