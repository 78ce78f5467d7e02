"""A source of ansible-rulebook: as many events as are asked for, as fast as they are taken."""

import asyncio
from typing import Any


async def main(queue: "asyncio.Queue[dict[str, Any]]", args: dict[str, Any]) -> None:
    """Each is for one of the rules; the last one says so."""
    print("BENCH-BEGIN", flush=True)
    for number in range(args["events"]):
        await queue.put(
            {"signal": f"bench-{number % args['rules']}", "value": 4.0, "number": number}
        )
    await queue.put({"is_last": True})
