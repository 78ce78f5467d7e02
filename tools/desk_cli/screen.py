"""Tables and colours on a terminal, where what others wrote is only text."""

from collections.abc import Iterable

from desk_contracts.text import plain_line, plain_text
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

_UNLIMITED = 100_000


class Screen(Console):
    """A console whose every piece of text passes the one function for terminals.

    Only what rich itself says to the terminal (colours, where the cursor goes) acts on it.
    """

    def __init__(
        self, *, is_error: bool = False, width: int | None = None, wraps: bool = True
    ) -> None:
        super().__init__(
            stderr=is_error,
            width=width,
            soft_wrap=not wraps,
            markup=False,
            emoji=False,
            highlight=False,
        )
        # What goes into a pipe or a file is for programs: a line is as long as it is.
        if width is None and not self.is_terminal:
            self.width = _UNLIMITED

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or not segment.text:
                yield segment
            else:
                yield Segment(plain_text(segment.text), segment.style)


class TextTable(Table):
    """A table whose cells are text; made safe before the columns are measured."""

    def __init__(self, *headers: str, title: str = "") -> None:
        super().__init__(title=Text(plain_line(title)) if title else None, title_justify="left")
        for header in headers:
            # What is longer than its column goes on in the next line: no name is ever cut.
            self.add_column(header, overflow="fold")

    def add_line(self, *columns: object) -> None:
        """A row; a cell may be a text with a colour."""
        self.add_row(
            *(
                column if isinstance(column, Text) else Text(plain_line(column))
                for column in columns
            )
        )


def style(text: object, style: str) -> Text:
    """A line with a colour."""
    return Text(plain_line(text), style=style)


def show(*shown: RenderableType) -> None:
    """Lines and tables on standard output."""
    Screen().print(*shown)
