"""The same runs with DBOS on PostgreSQL: what the desk's durable steps are held against.

Run by a Python of its own (`python -P dbos_steps.py DATABASE TARGET RUNS STEPS`); it imports
nothing of the desk and prints one JSON line. Each step is one call of the same target over HTTP;
DBOS keeps its result before the next one begins. There is no write ahead of a step and no log.
"""

import asyncio
import json
import sys
from time import perf_counter

import httpx
from dbos import DBOS, DBOSConfig  # type: ignore[import-not-found]  # not in our environment

# As many runs at once as the desk works on by default.
AT_ONCE = 200


async def main() -> None:
    """All runs, from the first start to the last result."""
    database, url, runs, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    DBOS(config=DBOSConfig(name="bench", system_database_url=database, log_level="ERROR"))
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=32), timeout=30) as client:

        @DBOS.step()  # type: ignore[untyped-decorator]
        async def act(key: str) -> int:
            answer = await client.post(f"{url}/act", headers={"Idempotency-Key": key})
            return answer.status_code

        @DBOS.workflow()  # type: ignore[untyped-decorator]
        async def repair(target: str) -> int:
            return sum([await act(f"{target}-{number}") for number in range(steps)])

        DBOS.launch()
        room = asyncio.Semaphore(AT_ONCE)

        async def start(target: str) -> int:
            async with room:
                handle = await DBOS.start_workflow_async(repair, target)
                return int(await handle.get_result())

        await asyncio.gather(*(start(f"warm-{number}") for number in range(max(1, runs // 10))))
        started = perf_counter()
        done = await asyncio.gather(*(start(f"run-{number}") for number in range(runs)))
        seconds = perf_counter() - started
    DBOS.destroy()
    print(json.dumps({"steps": sum(done) // 200, "seconds": seconds}))


if __name__ == "__main__":
    asyncio.run(main())
