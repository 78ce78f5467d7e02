"""Does a container engine answer here?"""

import shutil
import subprocess


def engine_absence() -> str | None:
    """Why containers cannot be used, or None if an engine answers."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    if _says("version", "--format", "{{.Server.Version}}"):
        return None
    return "no container engine answers (`docker version` says why)"


def compose_absence() -> str | None:
    """Why Docker Compose cannot be used, or None if it can."""
    return engine_absence() or (
        None if _says("compose", "version") else "docker has no compose plugin"
    )


def _says(*arguments: str) -> bool:
    """The docker command succeeds and has something to say, within ten seconds."""
    try:
        answer = subprocess.run(  # noqa: S603
            ["docker", *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and bool(answer.stdout.strip())
