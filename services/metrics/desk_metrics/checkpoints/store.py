"""How the ends of chains are kept: one document for each partition."""

from desk_platform.store import Schema

from desk_metrics.checkpoints.model import Chains

CHAINS = Schema(
    collection="chains",
    model=Chains,
    kept="one for each partition of `desk.automation`",
)
