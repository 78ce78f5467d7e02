"""How asks and tokens are kept: by their ids alone."""

from desk_platform.store import Schema

from desk_intake.recovery.model import AskQueue, Recovery

ASKS = Schema(
    collection="recovery_asks",
    model=AskQueue,
    kept="a fixed number",
)
RECOVERIES = Schema(
    collection="recoveries",
    model=Recovery,
    kept="one for each account and thing: the newest",
)
