"""Every type of event that the desk knows, found by its wire name."""

from collections.abc import Callable, Mapping

from desk_contracts.envelope import Payload
from desk_contracts.events import (
    automation,
    breakers,
    changes,
    checkpoints,
    contributions,
    devices,
    erasures,
    feedback,
    fulfilment,
    knowledge,
    notifications,
    problems,
    promotions,
    reports,
    requests,
    signals,
    sla,
    solutions,
    telemetry,
    tickets,
    triage,
    trouble,
    watermarks,
)
from desk_contracts.topics import is_private

_MODULES = (
    requests,
    telemetry,
    changes,
    tickets,
    fulfilment,
    feedback,
    knowledge,
    triage,
    signals,
    problems,
    automation,
    breakers,
    promotions,
    checkpoints,
    devices,
    sla,
    solutions,
    reports,
    contributions,
    trouble,
    watermarks,
    erasures,
    notifications,
)


def _payloads() -> dict[str, type[Payload]]:
    payloads: dict[str, type[Payload]] = {}
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Payload) and value.TYPE:
                other = payloads.setdefault(value.TYPE, value)
                if other is not value:
                    raise TypeError(f"{value.TYPE} is the type of {other} and of {value}")
    return dict(sorted(payloads.items()))


PAYLOADS: dict[str, type[Payload]] = _payloads()
# Those that other systems may read or write, and documents describe.
PUBLIC_PAYLOADS = {
    name: payload for name, payload in PAYLOADS.items() if not is_private(payload.TOPIC)
}

# An old version's data as read -> the data of the next version, by old wire type. Whoever adds
# version n+1 of an event leaves its version n here, so that a log of any age can be read.
Upcaster = Callable[[dict[str, object]], tuple[str, dict[str, object]]]
UPCASTERS: Mapping[str, Upcaster] = {}
