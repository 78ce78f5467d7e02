"""From the environment to a running service: what cannot start says why and ends with 2."""

from collections.abc import Callable

import uvloop

from desk_shared.errors import Invalid
from desk_shared.http import Authenticator, refuse_undeclared
from desk_shared.service import Service, run
from desk_shared.settings import load_settings, refuse_exposure
from desk_shared.settings.reading import S
from desk_shared.telemetry import get_logger
from desk_shared.terminal import complain

log = get_logger()

_UNUSABLE = {
    "bad-settings": "these settings",
    "invalid-charter": "this charter",
    "invalid-model": "this model",
    "undeclared-routes": "these routes",
}


def start_service(settings: type[S], build: Callable[[S], Service]) -> None:
    """What every `main` does: read, check, build, say who is believed, run until told to stop."""
    loaded = load_settings(settings)
    try:
        refuse_exposure(loaded)
        service = build(loaded)
        refuse_undeclared(service.app)
    except Invalid as invalid:
        thing = _UNUSABLE.get(invalid.kind, "this")
        complain(f"The service cannot start with {thing}:\n{invalid.message}")
        raise SystemExit(2) from None
    authenticator: Authenticator = service.app.state.authenticator
    log.info(
        "callers_believed",
        environment=loaded.environment.value,
        at=f"{loaded.http_host}:{loaded.http_port}",
        allowed_insecure=[one.value for one in loaded.allow_insecure],
        unknown_sources="accepted" if loaded.accepts_unknown_sources else "refused",
        **authenticator.describe(),
    )
    uvloop.run(run(service))
