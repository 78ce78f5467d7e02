"""`python -m desk_agent --config FILE`: runs the agent until it is told to end."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from desk_contracts.errors import Invalid

from desk_agent.agent import Agent
from desk_agent.config import read_config


def main() -> int:
    """Ends with 0 when it is told to, with 2 where its file or its state cannot be used."""
    parser = argparse.ArgumentParser(prog="desk_agent", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the agent's file, in TOML")
    parser.add_argument("--check", action="store_true", help="read the file, and do nothing")
    options = parser.parse_args()
    try:
        config = read_config(options.config)
        config.read_signer()
        if options.check:
            print(f"{options.config} can be used for {config.device}")  # noqa: T201
            return 0
        asyncio.run(run_until_told(Agent(config)))
    except Invalid as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 2
    return 0


async def run_until_told(agent: Agent) -> None:
    """Until SIGTERM or SIGINT."""
    working = asyncio.create_task(agent.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    sys.exit(main())
