"""How asks and tokens are kept: by their ids alone."""

from desk_platform.store import Schema

from desk_intake.recovery.model import AskQueue, Recovery

ASKS = Schema(collection="recovery_asks", model=AskQueue)
RECOVERIES = Schema(collection="recoveries", model=Recovery)
