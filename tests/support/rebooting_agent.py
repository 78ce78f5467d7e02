"""The agent on a machine that a test starts anew: it booted when the file beside its own says.

All else is the agent as people run it. Its file names the program that reboots, and here that is
one of the test's.
"""

import asyncio
import sys
from pathlib import Path

from desk_agent.__main__ import run_until_told
from desk_agent.agent import Agent
from desk_agent.config import read_config

BOOTED_AT = "booted-at"


def main(file: Path) -> None:
    """Until it is told to end, or is killed."""
    booted_at = file.with_name(BOOTED_AT)

    async def run() -> None:
        agent = Agent(read_config(file), lambda: float(booted_at.read_text(encoding="utf-8")))
        await run_until_told(agent)

    asyncio.run(run())


if __name__ == "__main__":
    main(Path(sys.argv[sys.argv.index("--config") + 1]))
