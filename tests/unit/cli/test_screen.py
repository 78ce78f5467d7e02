"""What others wrote is only text on a terminal, whichever way it gets there."""

import io
import json
import sys

import pytest
from desk_cli.screen import Screen, TextTable, style
from desk_contracts.text import plain_text
from desk_platform.telemetry import configure_logs, get_logger
from desk_platform.terminal import complain, say, say_json
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

HOSTILE = (
    "Mouse \x1b[2J\x1b[1;1H all is well \x1b]0;owned\x07 [red]x[/red] :smile: [/] \x9b31m"
    " \u202egpj.exe \u2066 \u2028 \U000e0041 \x00 \x7f \r gone"
)


class Tty(io.StringIO):
    """A terminal that remembers what it was sent."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_every_way_of_showing_leaves_nothing_that_acts() -> None:
    out = io.StringIO()
    screen = Screen(width=400)
    screen.file = out
    text_table = TextTable("a", HOSTILE, title=HOSTILE)
    text_table.add_line(HOSTILE, style(HOSTILE, "red"))
    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(HOSTILE, Text(HOSTILE))
    screen.print(HOSTILE, text_table, table, Panel(Text(HOSTILE)), style(HOSTILE, "bold"))
    shown = out.getvalue()
    assert plain_text(shown) == shown
    assert shown.count("[red]x[/red] :smile: [/]") >= 7


def test_colours_are_the_only_escapes_on_a_real_terminal() -> None:
    out = Tty()
    screen = Screen(width=400)
    screen.file = out
    screen._force_terminal = True
    screen.print(style(HOSTILE, "red"))
    assert "\x1b]" not in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_lines_and_documents_leave_nothing_that_acts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say(HOSTILE)
    complain(HOSTILE)
    say_json(json.dumps({"title": HOSTILE}, ensure_ascii=False))
    out, err = capsys.readouterr()
    assert plain_text(out + err) == out + err
    assert json.loads(out.splitlines()[-1]) == {"title": HOSTILE}


def test_a_terminal_without_a_letter_gets_its_number() -> None:
    raw = io.BytesIO()
    plain = io.TextIOWrapper(raw, encoding="ascii")
    before, sys.stdout = sys.stdout, plain
    try:
        say("Grüße, half \ud83d")
    finally:
        sys.stdout = before
    assert raw.getvalue() == b"Gr\\xfc\\xdfe, half \\ud83d\n"


def test_a_log_line_is_one_line_of_json_in_which_nothing_acts() -> None:
    out = io.StringIO()
    configure_logs("desk", "INFO", out)
    try:
        get_logger().info("ticket_opened", title=HOSTILE, half="\ud83d", key=b"\x1b[2J")
    finally:
        configure_logs("desk", "INFO")
    line = out.getvalue()
    assert line.count("\n") == 1
    assert plain_text(line) == line
    assert line.encode("utf-8")
    assert json.loads(line)["title"] == HOSTILE


LONG = "a-name-that-is-longer-than-any-column-of-a-narrow-terminal"


@pytest.mark.parametrize("width", [None, 40])
def test_a_table_never_cuts_a_name(width: int | None) -> None:
    out = io.StringIO()
    screen = Screen(width=width)
    screen.file = out
    table = TextTable("name", "of", "what")
    table.add_line(LONG, LONG, "7")
    screen.print(table)
    shown = out.getvalue()
    assert "…" not in shown
    if width is None:
        # Into a pipe each line is as long as it is.
        assert shown.count(LONG) == 2
    else:
        assert max(map(len, shown.splitlines())) <= width
        letters = "".join(shown.split()).replace("│", "")
        assert sum(letters.count(sign) for sign in "g") >= 2 * LONG.count("g")
