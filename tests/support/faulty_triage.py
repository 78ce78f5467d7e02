"""Triage of a bad release: it raises for every ticket that no rule routes; only a recording starts
it."""

from typing import NoReturn

from desk_platform.startup import start_service
from desk_triage import service as release


def fail(*_: object) -> NoReturn:
    raise ZeroDivisionError("a bad release")


if __name__ == "__main__":
    setattr(release, "predict_team", fail)  # noqa: B010  (mypy: no export of its module)
    start_service(release.SERVICE)
