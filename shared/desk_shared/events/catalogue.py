"""Every type of event that the desk knows, found by its wire name."""

from collections.abc import Callable, Mapping

from desk_shared.events import (
    automation,
    changes,
    feedback,
    measures,
    notifications,
    problems,
    promises,
    reports,
    requests,
    signals,
    telemetry,
    tickets,
    triage,
    watermarks,
)
from desk_shared.events.envelope import Payload

_MODULES = (
    requests,
    telemetry,
    changes,
    tickets,
    feedback,
    triage,
    signals,
    problems,
    automation,
    promises,
    reports,
    measures,
    watermarks,
    notifications,
)


def _payloads() -> dict[str, type[Payload]]:
    found: dict[str, type[Payload]] = {}
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Payload) and value.TYPE:
                other = found.setdefault(value.TYPE, value)
                if other is not value:
                    raise TypeError(f"{value.TYPE} is the type of {other} and of {value}")
    return dict(sorted(found.items()))


PAYLOADS: dict[str, type[Payload]] = _payloads()

# An old version's data as read -> the data of the next version, by old wire type. Whoever adds
# version n+1 of an event leaves its version n here, so that a log of any age can be read.
Upcaster = Callable[[dict[str, object]], tuple[str, dict[str, object]]]
UPCASTERS: Mapping[str, Upcaster] = {}
