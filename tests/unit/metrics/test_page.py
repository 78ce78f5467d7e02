"""The report as a page: right figures, nothing loaded, nothing injected, readable without eyes."""

from datetime import UTC, date, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import httpx
import pytest
from desk_metrics.api import metrics_app
from desk_metrics.api.page import page_router
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.page.gathering import gather, question
from desk_metrics.page.plots import Line, Plot, scale_of, svg_of
from desk_metrics.page.rendering import HEADLINES, Better, Headline, Unit, change, page_of
from desk_metrics.ports import MetricsDeps
from desk_shared.health import Health
from desk_shared.http import AppParts, Principal, Role
from desk_shared.http.testing import FakeAuthenticator
from desk_shared.telemetry.testing import recorded_telemetry
from fastapi import FastAPI

from tests.unit.metrics.desk import Desk
from tests.unit.metrics.story import Story
from tests.unit.metrics.test_feedback import answered
from tests.unit.metrics.test_measures import second

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CALLERS = (Principal("bo", frozenset({Role.MEMBER})), Principal("ana", frozenset({Role.EMPLOYEE})))
WEEK = "from=2026-11-23&to=2026-11-29"
EVIL = '<script>alert("x")</script>'
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """The text of each cell of each row, and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        return next(row for row in self.rows if row[0] == first)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk(NOW, PolicyBook(()))
    before = Story("2026-11-18 09:00", service="mail").assigned("2026-11-18 10:00", "mail")
    await desk.tell(before.resolved("2026-11-18 13:00").events)
    now = Story("2026-11-24 09:00", service=EVIL).assigned("2026-11-24 10:00", EVIL)
    await desk.tell(second(now.resolved("2026-11-24 11:00")))
    await desk.tell([answered(5, 30, service=EVIL, team=EVIL)])
    await desk.at(NOW)
    return desk


async def page(desk: Desk, **more: str) -> str:
    asked = question(date(2026, 11, 23), date(2026, 11, 29), NOW, **more)
    return page_of(await gather(desk.shelves.cells, asked, 0, 0), NOW)


async def test_figures_stand_beside_those_of_the_period_before(desk: Desk) -> None:
    found = Page(await page(desk))
    assert found.row("Tickets that people opened")[1:] == ["1", "1", "as before"]
    assert found.row("Mean time to restore")[1:] == ["2.0 h", "4.0 h", "-50%, better"]
    assert found.row("Promises kept")[1:] == ["not known"] * 3
    assert found.row("Happiness quotient (-1 to 1)")[1:] == ["+1.00", "not known", "not known"]


async def test_one_answer_is_told_with_its_doubt(desk: Desk) -> None:
    assert "rests on 1 answers; with 95 % certainty it lies between -0.12 and +1.00" in await page(
        desk
    )


async def test_a_team_has_a_page_of_its_own(desk: Desk) -> None:
    found = Page(await page(desk, team="mail"))
    assert found.row("Tickets that people opened")[1:] == ["0", "1", "-100%, better"]
    assert not [row for row in found.rows if row[0] == "Team"]


async def test_nothing_is_loaded_and_nothing_runs(desk: Desk) -> None:
    text = await page(desk)
    found = Page(text)
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "link", "img", "iframe", "object"})
    named = {name for _, attributes in found.tags for name in attributes}
    assert named.isdisjoint({"src", "href", "onload", "onclick", "style"})
    assert "url(" not in text
    assert "@import" not in text
    assert found.row(EVIL)[0] == EVIL


async def test_every_picture_is_told_in_words_and_as_a_table(desk: Desk) -> None:
    text = await page(desk)
    pictures = [one.partition("</svg>")[0] + "</svg>" for one in text.split("<figure>")[1:]]
    assert len(pictures) == 5
    for one in pictures:
        svg = ElementTree.fromstring(one[one.index("<svg") :])  # noqa: S314 (our own)
        ids = {child.get("id"): child.text for child in svg if child.get("id")}
        assert svg.get("role") == "img"
        assert all(ids[name] for name in (svg.get("aria-labelledby") or "").split())
    assert text.count("The values as a table") == 5


async def test_long_periods_are_drawn_by_weeks(desk: Desk) -> None:
    asked = question(date(2026, 9, 1), date(2026, 11, 29), NOW)
    found = await gather(desk.shelves.cells, asked, 0, 0)
    assert len(found.steps) == 13
    assert sum(figures["contacts"] or 0 for _, figures in found.steps) == 2


async def test_days_to_come_are_not_drawn(desk: Desk) -> None:
    asked = question(date(2026, 11, 23), date(2026, 12, 6), NOW)
    found = await gather(desk.shelves.cells, asked, 0, 0)
    assert len(found.steps) == 8
    assert "This period is not over yet" in page_of(found, NOW)


@pytest.mark.parametrize(
    ("now", "before", "unit", "better", "told"),
    [
        (10, 8, "count", "less", "+25%, worse"),
        (0.9, 0.8, "share", "more", "+10 points, better"),
        (0.901, 0.899, "share", "more", "as before"),
        (3, 0, "count", "less", "3 more, worse"),
        (0.5, 0.75, "quotient", "more", "-0.25, worse"),
        (10, 8, "count", "", "+25%"),
        (None, 8, "count", "less", "not known"),
    ],
)
def test_a_change_says_whether_it_is_good(
    now: float | None, before: float | None, unit: Unit, better: Better, told: str
) -> None:
    assert change(now, before, Headline("x", "x", unit, better)) == told


def test_a_gap_is_a_gap_and_not_a_zero() -> None:
    plot = Plot("p", "P", "u", ("a", "b", "c", "d"), (Line("l", (1.0, None, 2.0, 3.0)),))
    svg = ElementTree.fromstring(svg_of(plot))  # noqa: S314 (our own)
    lines = [len((one.get("points") or "").split()) for one in svg.iter(f"{SVG}polyline")]
    assert lines == [1, 2]
    assert len(list(svg.iter(f"{SVG}circle"))) == 3


@pytest.mark.parametrize(
    ("values", "scale"),
    [((0.0,), (0, 1)), ((3.0, 7.0), (0, 8)), ((97.0,), (0, 100)), ((2.6,), (0, 4))],
)
def test_scales_have_round_ends(values: tuple[float, ...], scale: tuple[float, float]) -> None:
    plot = Plot("p", "P", "u", tuple("x" for _ in values), (Line("l", values),))
    assert scale_of(plot) == scale


def test_a_plot_of_nothing_says_so() -> None:
    assert "Nothing known." in svg_of(Plot("p", "P", "u", ("a",), (Line("l", (None,)),)))


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    clock, shelves = desk.clock, desk.shelves
    parts = AppParts(
        Health(clock), recorded_telemetry().telemetry, FakeAuthenticator(*CALLERS), clock
    )
    deps = MetricsDeps(shelves.tickets, shelves.cells, lambda: desk.book, clock)
    return metrics_app(parts, deps, page_router(deps))


async def ask(app: FastAPI, query: str, who: str = "bo") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        headers = {"Authorization": f"Bearer {who}"}
        return await client.get(f"/v1/report?{query}", headers=headers)


async def test_staff_get_the_page_and_a_policy_that_keeps_it_to_itself(app: FastAPI) -> None:
    answer = await ask(app, WEEK)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert len([one for one in HEADLINES if one.name in answer.text]) == len(HEADLINES)
    assert (await ask(app, WEEK, "ana")).status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"{WEEK}&team=nobody", 404),
        ("from=2026-11-29&to=2026-11-23", 422),
        ("from=2020-01-01&to=2026-01-01", 422),
        ("from=2030-01-01&to=2030-01-02", 422),
    ],
)
async def test_what_has_no_page_is_refused_in_words(app: FastAPI, query: str, status: int) -> None:
    answer = await ask(app, query)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith((".", "that"))
