"""What is expected of a ticket, in the reader's words: when it is solved, when a person answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message

from desk_intake.tickets.forecast import Forecast
from desk_intake.tickets.model import Ticket

Say = Callable[[Message], str]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of a ticket: when it is solved, and when a person answers; None: neither."""

    solution: Forecast | None = None
    person: Forecast | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything is said that moves with the hours."""
        forecasts = (self.solution, self.person)
        return any(item is not None and item.status == "known" for item in forecasts)


NO_OUTLOOK = Outlook()


class ForecastView(Forecast):
    """What is honestly to be expected, whatever was promised."""

    text: str
    """The same as a sentence."""


class PersonView(Frozen):
    """A person was asked for."""

    requested_at: datetime
    answered_at: datetime | None
    """When one of the desk began, answered or solved it; null while nobody has."""
    forecast: ForecastView | None
    """When somebody will, as those who asked the same team before say; null once it is over."""


def show_forecast(forecast: Forecast | None, say: Say) -> ForecastView | None:
    """When a ticket is solved, for people; None of one that is over."""
    if forecast is None:
        return None
    text = message("forecast.unknown")
    if forecast.earliest is not None and forecast.latest is None:
        text = message("forecast.open-ended", earliest=forecast.earliest, solved=forecast.solved)
    elif forecast.earliest is not None and forecast.latest is not None:
        text = message(
            "forecast.between",
            earliest=forecast.earliest,
            latest=forecast.latest,
            solved=forecast.solved,
        )
    return ForecastView(**vars(forecast), text=say(text))


def show_person(ticket: Ticket, forecast: Forecast | None, say: Say) -> PersonView | None:
    """Whether a person was asked for, and how long that takes."""
    if ticket.person_requested_at is None:
        return None
    view = None
    if forecast is not None:
        text = message("person.unknown")
        if forecast.median is not None:
            half, whole = forecast.median, forecast.latest
            text = message("person.half-by", half=half, answered=forecast.solved)
            if whole is not None:
                text = message("person.by", half=half, whole=whole, answered=forecast.solved)
        view = ForecastView(**vars(forecast), text=say(text))
    return PersonView(
        requested_at=ticket.person_requested_at,
        answered_at=ticket.person_answered_at,
        forecast=view,
    )
