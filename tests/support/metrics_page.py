"""The report page as tests read it: its tags, and the text of each bucket of each row."""

from html.parser import HTMLParser
from pathlib import Path

from desk_charter import Charter, load_charter
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses, Sources
from desk_testing.fakes import FakeDocuments

from tests.support.metrics_desk import Desk

CHARTER = load_charter(Path(__file__).parents[2] / "charter")
# Markup that would run, from whoever named a service.
EVIL = '<script>alert("x")</script>'


class Page(HTMLParser):
    """The text of each bucket of each row, and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._in_field = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_field = True

    def handle_endtag(self, tag: str) -> None:
        self._in_field = self._in_field and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_field:
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        return next(row for row in self.rows if row[0] == first)


def page_sources(
    desk: Desk, charter: Charter | None = None, responses: OwnerResponses | None = None
) -> Sources:
    """What the page is made of, by the charter that comes with the desk unless another is given."""
    written = charter or CHARTER
    collections, clock = desk.collections, desk.clock
    return Sources(
        collections.buckets,
        desk.sums,
        collections.changes,
        lambda: written,
        responses or OwnerResponses(FakeDocuments(REPORTED, clock), FakeDocuments(ANSWERS, clock)),
    )


def plain(text: str) -> str:
    """With the blanks and signs of a keyboard."""
    for sign, key in (
        "\N{NO-BREAK SPACE} ",
        "\N{THIN SPACE} ",
        "\N{MINUS SIGN}-",
        "\N{EN DASH}-",
    ):
        text = text.replace(sign, key)
    return text
