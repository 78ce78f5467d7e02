"""What triage's handlers and routes need from outside."""

from typing import Protocol

from desk_shared.charter import Charter

from desk_triage.domain.board import Board
from desk_triage.domain.learned import LearnedModel


class CharterInForce(Protocol):
    """The last good charter; read once per decision."""

    @property
    def current(self) -> Charter: ...


class Noticeboard(Protocol):
    """The last look at what goes on."""

    @property
    def current(self) -> Board: ...


class ModelInForce(Protocol):
    """What was learned last and can be read; None if nothing was."""

    @property
    def current(self) -> LearnedModel | None: ...
