"""Where erasures are kept as they were asked for."""

from desk_platform.store import Schema

from desk_intake.erasures.model import ErasureRequest

ERASURES = Schema("erasures", ErasureRequest)
