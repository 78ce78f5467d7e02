"""From the environment to a running service: what cannot start says why and ends with 2."""

import uvloop
from desk_contracts.errors import Invalid

from desk_platform.builder import assemble
from desk_platform.http import Authenticator, refuse_undeclared
from desk_platform.http.server import listener_of
from desk_platform.runtime import run
from desk_platform.service import O, Service
from desk_platform.settings import load_settings, refuse_exposure
from desk_platform.settings.loader import S
from desk_platform.telemetry import get_logger
from desk_platform.terminal import complain

log = get_logger()

_UNUSABLE = {
    "bad-settings": "these settings",
    "invalid-charter": "this charter",
    "invalid-model": "this model",
    "undeclared-routes": "these routes",
}


def start_service(service: Service[S, O]) -> None:
    """What every service does: read, check, assemble, say who is believed, run until told to
    stop."""
    settings = load_settings(service.settings)
    try:
        refuse_exposure(settings)
        assembled = assemble(service, settings)
        refuse_undeclared(assembled.app)
        listener = listener_of(settings)
    except Invalid as invalid:
        thing = _UNUSABLE.get(invalid.kind, "this")
        complain(f"The service cannot start with {thing}:\n{invalid.message}")
        raise SystemExit(2) from None
    authenticator: Authenticator = assembled.app.state.authenticator
    log.info(
        "callers_believed",
        environment=settings.environment.value,
        at=f"{settings.http_host}:{settings.http_port}",
        allowed_insecure=[allowed.value for allowed in settings.allow_insecure],
        unknown_sources="accepted" if settings.accepts_unknown_sources else "refused",
        **authenticator.describe(),
    )
    uvloop.run(run(assembled, listener))
