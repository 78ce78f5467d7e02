"""A process that runs a script by its executor, to be killed while the script runs.

`python -m tests.support.dying_script SECONDS`
"""

import asyncio
import hashlib
import sys

from tests.support.executor_sides import ScriptSide, execute, script_action, script_side


async def main(seconds: str) -> None:
    async with script_side() as side:
        assert isinstance(side, ScriptSide)
        text = f"#!/bin/sh\nexec sleep {seconds}\n"
        (side.program.folder / "it").write_text(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        await execute(side, script_action("it", digest), seconds=600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
