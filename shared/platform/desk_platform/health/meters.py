"""Health as figures. All are looked up when the page is asked for: what is unknown is not there."""

from collections.abc import Callable, Iterator
from functools import partial

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from desk_platform.health.progress import Progress
from desk_platform.health.register import Dependency, Health
from desk_platform.telemetry import names

_Figure = float | None


def observe_health(meter: Meter, health: Health) -> None:
    """Make the instruments that read this health."""
    for name, (unit, description, look) in HEALTH_FIGURES.items():
        observe = partial(_observe, look, health)
        meter.create_observable_gauge(name, [observe], unit=unit, description=description)


def _observe(look: "_Look", health: Health, _: CallbackOptions) -> Iterator[Observation]:
    return look(health)


_Look = Callable[[Health], Iterator[Observation]]


def _of_dependencies(read: Callable[[Dependency], _Figure]) -> _Look:
    def look(health: Health) -> Iterator[Observation]:
        for dependency in health.dependencies():
            if (figure := read(dependency)) is not None:
                yield Observation(figure, {names.DEPENDENCY: dependency.name})

    return look


def _of_consumers(read: Callable[[Progress], _Figure]) -> _Look:
    def look(health: Health) -> Iterator[Observation]:
        for consumer in health.consumers():
            if (figure := read(consumer)) is not None:
                yield Observation(figure, {names.GROUP: consumer.name})

    return look


def _look_at_ready(health: Health) -> Iterator[Observation]:
    yield Observation(int(health.answer_ready().is_ok))


def _look_at_charter(health: Health) -> Iterator[Observation]:
    if (status := health.organisation()) is not None:
        yield Observation(1, {names.CHARTER_VERSION: status.version})


def _look_at_refusal(health: Health) -> Iterator[Observation]:
    if (status := health.organisation()) is not None:
        yield Observation(int(status.refused_since is not None))


def _last_ok(dependency: Dependency) -> _Figure:
    return None if dependency.last_ok is None else dependency.last_ok.timestamp()


def _lag(consumer: Progress) -> _Figure:
    return None if (lag := consumer.lag) is None else lag + consumer.halted


def _last_fetch(consumer: Progress) -> _Figure:
    at = consumer.read_marks().fetched_at
    return None if at is None else at.timestamp()


def _last_poll(consumer: Progress) -> _Figure:
    at = consumer.read_marks().polled_at
    return None if at is None else at.timestamp()


HEALTH_FIGURES: dict[str, tuple[str, str, _Look]] = {
    names.DEPENDENCY_UP: (
        "{dependency}",
        "1 if it answered when it was asked last, else 0",
        _of_dependencies(lambda dependency: int(dependency.is_up)),
    ),
    names.DEPENDENCY_LAST_OK: ("s", "Unix time of its last answer", _of_dependencies(_last_ok)),
    names.READY: ("{service}", "1 while the service is ready, else 0", _look_at_ready),
    names.CONSUMER_LAG: (
        "{message}",
        "Records between the log's end and our position",
        _of_consumers(_lag),
    ),
    names.LAG_AGE: (
        "s",
        "How long ago the lag was known last",
        _of_consumers(lambda consumer: consumer.lag_age.total_seconds()),
    ),
    names.LAST_FETCH: ("s", "Unix time of the last answer to a fetch", _of_consumers(_last_fetch)),
    names.LAST_POLL: ("s", "Unix time of the consumer's last poll", _of_consumers(_last_poll)),
    names.CHARTER: ("{charter}", "Always 1: the charter in force", _look_at_charter),
    names.CHARTER_REFUSED: (
        "{charter}",
        "1 while a newer charter is refused, else 0",
        _look_at_refusal,
    ),
}
