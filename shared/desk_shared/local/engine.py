"""Does a container engine answer here?"""

import shutil
import subprocess


def engine_absence() -> str | None:
    """Why containers cannot be used, or None if an engine answers."""
    program = shutil.which("docker")
    if program is None:
        return "there is no docker command"
    command = [program, "version", "--format", "{{.Server.Version}}"]
    try:
        answer = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=10, check=False
        )
    except subprocess.TimeoutExpired:
        return "the container engine did not answer within 10 seconds"
    if answer.returncode == 0 and answer.stdout.strip():
        return None
    return "no container engine answers (`docker version` says why)"
