"""A service's start: what cannot start ends with 2 and a sentence, what starts says who counts."""

import os
import subprocess
import sys

import pytest

LOCAL = {"DESK_ENVIRONMENT": "local", "INTAKE_HTTP_PORT": "0", "DESK_CHARTER": "charter"}


def start(**environ: str) -> tuple[int, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "desk_intake.service"],
        env=kept | environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({}, "DESK_MONGO_USERNAME"),
        (LOCAL | {"INTAKE_HTTP_HOST": "0.0.0.0"}, "INTAKE_HTTP_HOST is 0.0.0.0"),  # noqa: S104
        (LOCAL | {"DESK_CHARTER": "/nowhere"}, "/nowhere"),
        (LOCAL | {"DESK_OIDC_ALGORITHMS": "none"}, "DESK_OIDC_ALGORITHMS"),
    ],
)
def test_what_cannot_start_says_why_and_ends_with_2(environ: dict[str, str], part: str) -> None:
    code, said = start(**environ)
    assert (code, "Traceback" in said) == (2, False), said
    assert part in said
