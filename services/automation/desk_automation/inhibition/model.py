"""The open signals of one subject or service, as far as some runbook asks for them."""

from datetime import datetime

from desk_contracts.frozen import Frozen


class OpenSignal(Frozen):
    """Trouble that is not over."""

    episode: str
    signal: str
    subject: str
    since: datetime


class OpenSignals(Frozen):
    """Those of one subject or service. `ended` are episodes whose end was heard.

    Of a service it says where to look: an end need not name the service, so that only the document
    of the subject tells whether a signal is open.
    """

    open: tuple[OpenSignal, ...] = ()
    ended: tuple[str, ...] = ()
