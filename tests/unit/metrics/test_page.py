"""The report as a page: right figures, nothing loaded, nothing injected, readable without eyes."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import desk_metrics.reports.page
import httpx
import pytest
from desk_contracts.events.reports import GoalVerdict
from desk_contracts.messages import LANGUAGES, Catalogue, catalogue
from desk_contracts.messages.catalogue import entries
from desk_kernel.sight import Sight
from desk_metrics.measures.api import MetricsDeps, metrics_routers
from desk_metrics.reports.api.page import page_router
from desk_metrics.reports.page.headline import describe_page
from desk_metrics.reports.page.html import render_page, render_plot
from desk_metrics.reports.page.model import PageQuery
from desk_metrics.reports.page.plots import Plot, Series
from desk_metrics.reports.page.store import gather
from desk_metrics.reports.periods import read_period
from desk_metrics.reports.store import rank_systems
from desk_metrics.sla.policies import PolicyBook
from desk_platform.health import Health
from desk_platform.http import AppParts, Principal, Role, make_app
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI

from tests.support.metrics_desk import Desk
from tests.support.metrics_feedback import answered
from tests.support.metrics_measures import second
from tests.support.metrics_page import EVIL, Page, page_sources, plain
from tests.support.metrics_story import Story

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CALLERS = (Principal("bo", frozenset({Role.MEMBER})), Principal("ana", frozenset({Role.EMPLOYEE})))
WEEK = "from=2026-11-23&to=2026-11-29"
NB = "\N{NO-BREAK SPACE}"
HEADLINES = (
    "Tickets that people opened",
    "Of them, again within a week",
    "Resolved",
    "Open at the end",
    "Mean time to acknowledge",
    "Mean time to restore",
    "Time to restore, 90 % within",
    "Resolved at first contact",
    "Reopened",
    "SLAs met",
    "Solved without anybody",
    "Repairs that lasted so far",
    "Lost time of what is over, at most",
    f"Happiness quotient (\N{MINUS SIGN}1{NB}to{NB}1)",
)
SVG = "{http://www.w3.org/2000/svg}"
IDS = re.compile(r' id="([^"]+)"')


def read_row(row: list[str]) -> list[str]:
    """What a row says behind its name."""
    return [plain(entry) for entry in row[1:]]


@pytest.fixture
async def desk() -> Desk:
    desk = Desk(NOW, PolicyBook(()))
    first = Story("2026-11-10 09:00", service="mail").assigned("2026-11-10 10:00", "mail")
    await desk.tell(second(first.resolved("2026-11-10 11:00"), "t-first"))
    before = Story("2026-11-18 09:00", service="mail").assigned("2026-11-18 10:00", "mail")
    await desk.tell(before.resolved("2026-11-18 13:00").events)
    now = Story("2026-11-24 09:00", service=EVIL).assigned("2026-11-24 10:00", EVIL)
    await desk.tell(second(now.resolved("2026-11-24 11:00")))
    await desk.tell([answered(5, 30, service=EVIL, team=EVIL)])
    await desk.at(NOW)
    return desk


async def page(desk: Desk, **more: str) -> str:
    query = PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW, **more)
    return render_page(await gather(page_sources(desk), query), NOW)


async def test_figures_stand_beside_those_of_the_period_before(desk: Desk) -> None:
    shown = Page(await page(desk))
    assert shown.row("Tickets that people opened")[1:] == ["1", "1", "as before"]
    assert read_row(shown.row("Mean time to restore")) == ["2.0 h", "4.0 h", "-50 %, better"]
    assert shown.row("SLAs met")[1:] == ["not known"] * 3
    assert shown.row(HEADLINES[-1])[1:] == ["+1.00", "not known", "not known"]


async def test_one_answer_is_told_with_its_doubt(desk: Desk) -> None:
    sentence = "Happiness rests on 1 answer; with 95 % certainty it lies between -0.12 and +1.00."
    assert sentence in plain(await page(desk))


async def test_a_team_has_a_page_of_its_own(desk: Desk) -> None:
    shown = Page(await page(desk, team="mail"))
    assert read_row(shown.row("Tickets that people opened")) == ["0", "1", "-100 %, better"]
    assert not [row for row in shown.rows if row[0] == "Team"]


async def test_nothing_is_loaded_and_nothing_runs(desk: Desk) -> None:
    text = await page(desk)
    shown = Page(text)
    assert {tag for tag, _ in shown.tags}.isdisjoint({"script", "link", "img", "iframe", "object"})
    named = {name for _, attributes in shown.tags for name in attributes}
    assert named.isdisjoint({"src", "href", "onload", "onclick", "style"})
    assert "url(" not in text
    assert "@import" not in text
    assert shown.row(EVIL)[0] == EVIL


async def test_every_picture_is_told_in_words_and_as_a_table(desk: Desk) -> None:
    text = await page(desk)
    pictures = [f"<svg{entry.partition('</svg>')[0]}</svg>" for entry in text.split("<svg")[1:]]
    assert len(pictures) == text.count("<figure>") * 2 == 10
    assert len(set(IDS.findall(text))) == len(IDS.findall(text)) == 20
    for entry in pictures:
        svg = ElementTree.fromstring(entry)  # noqa: S314 (our own)
        ids = {child.get("id"): child.text for child in svg if child.get("id")}
        assert svg.get("role") == "img"
        assert all(ids[name] for name in (svg.get("aria-labelledby") or "").split())
    # There was no SLA, so there is no share of met ones to show.
    assert text.count("The values as a table") == 4
    assert text.count("Nothing known.") == 2


async def test_a_hidden_team_is_left_out_and_the_others_stay(desk: Desk) -> None:
    query = PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW)
    figures = await gather(page_sources(desk), query)
    entries = tuple((name, figures.now) for name in ("mail", "secret"))
    seen = replace(figures, teams=entries).hide_from(Sight(hidden_teams=frozenset({"secret"})))
    assert [name for name, _ in seen.teams] == ["mail"]


async def test_long_periods_are_drawn_by_weeks(desk: Desk) -> None:
    query = PageQuery.of(date(2026, 9, 1), date(2026, 11, 29), NOW)
    shown = await gather(page_sources(desk), query)
    assert len(shown.steps) == 13
    assert sum(figures["contacts"] or 0 for _, figures in shown.steps) == 3


async def test_what_is_not_known_is_a_gap_and_no_zero(desk: Desk) -> None:
    """The desk's first day is 10 November."""
    query = PageQuery.of(date(2026, 11, 7), date(2026, 11, 12), NOW)
    shown = await gather(page_sources(desk), query)
    for name in ("contacts", "backlog", "departures"):
        figures = [step[name] for _, step in shown.steps]
        assert figures[:3] == [None] * 3
        assert figures[3:] == [1 if name != "backlog" else 0, 0, 0]


async def test_without_days_the_period_ends_today(desk: Desk) -> None:
    query = PageQuery.of(None, None, datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert (query.first, query.last) == (date(2026, 10, 28), date(2026, 11, 24))
    shown = await gather(page_sources(desk), query)
    assert shown.now["contacts"] == 3
    assert not query.is_over


async def test_the_page_ranks_services_as_worst_systems_does(desk: Desk) -> None:
    """A service of the charter cost time; nothing that cost none has a place."""
    vpn = Story("2026-11-25 09:00", service="vpn").assigned("2026-11-25 10:00", "network")
    await desk.tell(second(vpn.resolved("2026-11-25 19:00"), "t-vpn"))
    await desk.at(NOW)
    sources = page_sources(desk)
    shown = await gather(sources, PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW))
    ranking = await rank_systems(sources, read_period("2026-W48"), NOW, catalogue("en"))
    assert [item.service for item in shown.ranked] == ["vpn"]
    assert [item.service for item in ranking.systems] == ["vpn"]
    assert ranking.systems[0].score == shown.ranked[0].score
    assert "erp" in {item.service for item in ranking.unranked}
    read = Page(render_page(shown, NOW))
    assert read.row("vpn")[1] == "1"
    assert not [row for row in read.rows if row[0] == "erp"]


async def test_the_headline_says_what_is_known_and_what_is_not(desk: Desk) -> None:
    query = PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW)
    shown = await gather(page_sources(desk), query)
    codes = [item.code for item in describe_page(shown)]
    assert codes == [
        "page.contacts-compared",
        "page.no-slas",
        "page.nothing-prevented",
        "page.goals-open",
    ]
    text = render_page(shown, NOW)
    assert text.index("came from people") < text.index("<h2>Goals</h2>") < text.index("In figures")
    of_team = await gather(page_sources(desk), replace(query, team="mail"))
    assert of_team.now["auto_healed"] is of_team.now["fixed_before_reported"] is None
    assert "What was prevented" not in render_page(of_team, NOW)


async def test_a_period_before_without_a_ticket_had_none(desk: Desk) -> None:
    query = PageQuery.of(date(2026, 11, 24), date(2026, 11, 24), NOW)
    contacts = describe_page(await gather(page_sources(desk), query))[0]
    assert contacts.code == "page.contacts-compared"
    assert (contacts.params["count"], contacts.params["before"]) == (1, 0)


@pytest.mark.parametrize(
    ("verdict", "facts"),
    [
        (GoalVerdict.ON_THE_WAY, {"well": 1, "badly": 0}),
        (GoalVerdict.MISSED, {"well": 0, "badly": 1}),
    ],
)
async def test_goals_are_counted_as_soon_as_one_can_be_judged(
    desk: Desk, verdict: GoalVerdict, facts: dict[str, int]
) -> None:
    query = PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW)
    shown = await gather(page_sources(desk), query)
    first, *others = shown.goals
    goal = replace(first, status=first.status.model_copy(update={"verdict": verdict}))
    sentence = describe_page(replace(shown, goals=(goal, *others)))[-1]
    count = len(shown.goals)
    assert sentence.code == "page.goals"
    assert sentence.params == {"count": count, "rest": count - 1, **facts}


async def test_days_to_come_are_not_drawn(desk: Desk) -> None:
    query = PageQuery.of(date(2026, 11, 23), date(2026, 12, 6), NOW)
    shown = await gather(page_sources(desk), query)
    assert len(shown.steps) == 8
    assert "This period is not over yet" in render_page(shown, NOW)


async def test_the_page_is_all_german_where_that_is_asked_for(app: FastAPI) -> None:
    """No text of the page itself is the same in both languages, but those that are one word in
    both."""
    answer = await ask(app, WEEK, language="de-AT, en;q=0.5")
    assert answer.headers["content-language"] == "de"
    assert '<html lang="de">' in answer.text
    texts = {language: read_texts(catalogue(language)) for language in LANGUAGES}
    english = {
        text
        for code, text in texts["en"].items()
        if text != texts["de"][code] and (f">{text}<" in answer.text or f'"{text}"' in answer.text)
    }
    assert english == set()
    shown = [code for code, text in texts["de"].items() if f">{text}<" in answer.text]
    assert len(shown) > 40
    assert "<title>Erfahrungsbericht, " in answer.text
    assert (await ask(app, WEEK, language="fr")).headers["content-language"] == "en"


def contrast(entry: str, other: str) -> float:
    """As WCAG 2 defines it."""
    bright, dark = sorted(map(luminance, (entry, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        entry / 12.92 if entry <= 0.04045 else ((entry + 0.055) / 1.055) ** 2.4 for entry in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


SCHEMES = re.compile(r":root \{([^}]*)\}")
COLOUR = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6})")


async def test_everything_that_is_read_stands_out_from_its_paper(desk: Desk) -> None:
    """In the light and in the dark scheme; only these two name colours, all else uses the names."""
    text = (await page(desk)).partition("<style>")[2].partition("</style>")[0]
    light, dark = (dict(COLOUR.findall(scheme)) for scheme in SCHEMES.findall(text))
    assert set(dark) == set(light) == set(re.findall(r"var\(--([a-z0-9-]+)\)", text))
    for colours in (light, dark):
        for name, colour in colours.items():
            if name not in {"paper", "rule", "grid"}:
                assert contrast(colour, colours["paper"]) >= 4.5, name


async def test_what_would_act_is_shown_as_text(desk: Desk) -> None:
    """In a bucket, in an attribute, in the header, in a picture."""
    acting = "\"'>\x1b[2J\u202e&"
    shown = "&#34;&#39;&gt;\\x1b[2J\\u202e&amp;"
    story = Story("2026-11-24 09:00", service=acting).assigned("2026-11-24 10:00", acting)
    await desk.tell(second(story.resolved("2026-11-24 11:00"), "t-acting", "cy"))
    text = await page(desk) + await page(desk, team=acting)
    text += render_plot(Plot(acting, acting, acting, (acting,), (Series(acting, (1.0,)),)))
    assert acting not in text
    assert text.count(shown) >= 8
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)


def test_no_template_lets_anything_pass_unescaped() -> None:
    folder = Path(desk_metrics.reports.page.__file__).parent / "templates"
    templates = list(folder.iterdir())
    assert len(templates) >= 4
    for template in templates:
        assert not re.search(r"\bsafe\b|autoescape|Markup", template.read_text(encoding="utf-8"))


async def test_a_desk_without_tickets_says_so() -> None:
    text = await page(Desk(NOW, PolicyBook(())))
    assert "The desk knows of no ticket in either period." in text
    assert "Nobody answered a survey" in text


async def test_before_the_first_figure_nothing_is_known(desk: Desk) -> None:
    """The desk's first day is 10 November; of the week before some days are not known."""
    query = PageQuery.of(date(2026, 11, 16), date(2026, 11, 22), NOW)
    text = render_page(await gather(page_sources(desk), query), NOW)
    assert "Figures of the desk begin on 10 November 2026; of the time before nothing" in text
    opened = Page(text).row("Tickets that people opened")
    assert opened[1:] == ["1", "not known", "not known"]
    assert "Figures of the desk begin on" not in await page(desk)


async def test_one_day_has_no_plots(desk: Desk) -> None:
    day = date(2026, 11, 24)
    text = render_page(await gather(page_sources(desk), PageQuery.of(day, day, NOW)), NOW)
    assert "<svg" not in text
    assert "The day before" in text


async def test_a_last_week_that_is_not_whole_is_said_to_be_so(desk: Desk) -> None:
    query = PageQuery.of(date(2026, 9, 1), date(2026, 11, 29), NOW)
    text = render_page(await gather(page_sources(desk), query), NOW)
    assert "The last one has only 6 of 7 days." in text
    query = PageQuery.of(date(2026, 9, 1), date(2026, 11, 30), NOW)
    text = render_page(await gather(page_sources(desk), query), NOW)
    assert "Each point is a week" in text
    assert "The last one" not in text


async def test_the_page_says_what_it_is_about_and_in_which_zone(desk: Desk) -> None:
    text = plain(await page(desk))
    assert "<h1>Experience report, <span>23 - 29 Nov 2026</span></h1>" in text
    assert "<title>Experience report, 23 - 29 Nov 2026</title>" in text
    assert "Compared with 16 - 22 Nov 2026. A day begins and ends at midnight UTC." in text
    assert "known on Tuesday 1 December 2026, 00:00 (UTC)" in text
    assert "Written on" not in text


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    clock, collections = desk.clock, desk.collections
    parts = AppParts(
        Health(clock), record_telemetry().telemetry, FakeAuthenticator(*CALLERS), clock
    )
    deps = MetricsDeps(collections.tickets, collections.buckets, lambda: desk.book, clock)
    router = page_router(page_sources(desk), clock)
    return make_app("metrics", metrics_routers(deps, router), parts)


def read_texts(spoken: Catalogue) -> dict[str, str]:
    """What the page may say that has no parameter."""
    codes = [
        str(entry.id) for entry in entries(spoken.language) if str(entry.id).startswith("page.")
    ]
    texts = {code: spoken.template(code) or "" for code in codes}
    return {code: text for code, text in texts.items() if "{" not in text}


async def ask(app: FastAPI, query: str, who: str = "bo", language: str = "en") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        headers = {"Authorization": f"Bearer {who}", "Accept-Language": language}
        return await client.get(f"/v1/report?{query}", headers=headers)


async def test_staff_get_the_page_and_a_policy_that_keeps_it_to_itself(app: FastAPI) -> None:
    answer = await ask(app, WEEK)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert len([name for name in HEADLINES if name in answer.text]) == len(HEADLINES)
    assert (await ask(app, WEEK, "ana")).status_code == 403


async def test_a_page_is_about_the_team_that_is_called_so(desk: Desk, app: FastAPI) -> None:
    story = Story("2026-11-24 09:00").assigned("2026-11-24 10:00", "print-and-rooms")
    await desk.tell(second(story.resolved("2026-11-24 11:00"), "t-printer"))
    await desk.at(NOW)
    written = ("print-and-rooms", "printing+and+MEETING+rooms")
    answers = [await ask(app, f"{WEEK}&team={team}") for team in written]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text


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
