"""The live board: what is watched, as panels in a terminal."""

from desk_cli.screen import style
from desk_contracts.text import plain_line
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from desk_demo.watching import Watched

_STATES = {"healed": "green", "escalated": "yellow", "running": "cyan", "resolved": "green"}


def render(watched: Watched, caption: str, seconds: float) -> RenderableType:
    """One frame."""
    top = Table.grid(expand=True, padding=(0, 1))
    for _ in range(3):
        top.add_column(ratio=1)
    top.add_row(_telemetry(watched), _signals_and_repairs(watched), _teams(watched))
    head = Panel(style(caption, "bold"), title=f"A day at the desk  {seconds:4.0f} s")
    return Group(head, top, _tickets(watched), _updates(watched))


def _telemetry(watched: Watched) -> Panel:
    table = Table.grid(padding=(0, 1), expand=True)
    for subject, level in sorted(watched.levels.items())[:10]:
        is_disk = subject.startswith("laptop")
        is_bad = level < 10 if is_disk else level > 0.25
        shown = f"{level:5.1f} % free" if is_disk else f"{level:5.0%} fail"
        table.add_row(subject, Text(shown, style="bold red" if is_bad else "green"))
    return Panel(table, title="Telemetry")


def _signals_and_repairs(watched: Watched) -> Panel:
    table = Table.grid(padding=(0, 1), expand=True)
    for name, state in list(watched.signals.items())[-5:]:
        table.add_row("signal", name, Text(state, style="red" if state == "open" else "green"))
    for repair in list(watched.repairs.values())[-5:]:
        table.add_row("repair", repair.target, Text(repair.state, style=_STATES[repair.state]))
    return Panel(table, title="Signals and repairs")


def _teams(watched: Watched) -> Panel:
    table = Table.grid(padding=(0, 1), expand=True)
    for team, count in sorted(watched.team_messages.items()):
        table.add_row(team, f"{count} messages")
    slas = ", ".join(f"{n} {name}" for name, n in sorted(watched.slas.items()))
    table.add_row("SLAs", slas or "none yet")
    table.add_row("people told", str(len(watched.told_people)))
    return Panel(table, title="Teams, SLAs, people")


def _tickets(watched: Watched) -> Panel:
    table = Table(box=None, expand=True, header_style="dim")
    for column in ("code", "title", "priority", "team", "state"):
        table.add_column(column, no_wrap=True)
    for ticket in list(watched.tickets.values())[-10:]:
        style = _STATES.get(ticket.state, "white")
        row = (ticket.code, plain_line(ticket.title[:56]), ticket.priority, ticket.team)
        table.add_row(*row, Text(ticket.state, style=style))
    for title, members, is_over in watched.problems.values():
        state = "over" if is_over else "open"
        shown = plain_line(title[:56])
        table.add_row("problem", shown, "", f"{len(members)} tickets", state, style="magenta")
    return Panel(table, title=f"Tickets ({len(watched.tickets)})")


def _updates(watched: Watched) -> Panel:
    lines = Text("\n").join(
        Text(plain_line(f"{at:%H:%M:%S}  {text}")) for at, text in watched.updates
    )
    return Panel(lines, title="News")
