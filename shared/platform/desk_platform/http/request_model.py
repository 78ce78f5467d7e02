"""What a call sends, as a model."""

from desk_contracts.frozen import Frozen
from pydantic import ConfigDict


class RequestModel(Frozen):
    """A frozen body. Its validator is built with the routes: built at the first call, it would
    cost that call, and pydantic would warn of what FastAPI adds to it."""

    model_config = ConfigDict(defer_build=False)
