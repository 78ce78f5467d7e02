"""The page as HTML: one file, A4 when printed, no script, nothing loaded from anywhere."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from desk_shared.text import html_text

from desk_metrics.page.gathering import Gathered, Question
from desk_metrics.page.plots import DAYS_APART, NARROW, WEEKS_APART, WIDE, Band, Line, Plot, svg_of
from desk_metrics.page.scales import tick
from desk_metrics.page.style import STYLE
from desk_metrics.page.wording import NB, UNKNOWN, Change, Headline, change, days, moment, shown

_ENDS = f"\N{MINUS SIGN}1{NB}to{NB}1"
HEADLINES = (
    Headline("Tickets that people opened", "contacts", "count", "less"),
    Headline("Of them, again within a week", "came_again", "count", "less"),
    Headline("Tickets the desk opened first", "proactive", "count", ""),
    Headline("Resolved", "resolved", "count", ""),
    Headline("Open at the end", "backlog", "count", "less"),
    Headline("Mean time to acknowledge", "mtta", "duration", "less"),
    Headline("Mean time to restore", "mttr", "duration", "less"),
    Headline("Time to restore, 90 % within", "mttr_p90", "duration", "less"),
    Headline("Resolved at first contact", "first_contact_resolution", "share", "more"),
    Headline("Reopened", "reopen_rate", "share", "less"),
    Headline("SLAs met", "sla_met", "share", "more"),
    Headline("Solved without anybody", "self_service_share", "share", "more"),
    Headline("Repairs that lasted", "auto_healed", "count", "more"),
    Headline("Lost time, at most", "lost_minutes", "minutes", "less"),
    Headline(f"Happiness quotient ({_ENDS})", "happiness", "quotient", "more"),
)
_TEAM = ("contacts", "resolved", "backlog", "mttr", "sla_met", "happiness")
_BY_FIGURE = {one.figure: one for one in HEADLINES}
_DAY = timedelta(days=1)


def page_of(found: Gathered, made_at: datetime) -> str:
    """The whole page."""
    title = f"Experience report, {days(found.asked.first, found.asked.last)}"
    body = (
        *_header(found.asked, title, made_at),
        "<main>",
        *_headlines(found),
        *_course(found),
        *_teams(found),
        *_worst(found),
        *_answers(found),
        *_demand(found),
        "</main>",
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html_text(title)}</title><style>{STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def plots_of(found: Gathered) -> Iterator[Plot]:
    """What the page draws."""
    steps = tuple(f"{start.day} {start:%b}" for start, _ in found.steps)
    is_daily = found.asked.step == 1
    apart = DAYS_APART if is_daily else WEEKS_APART
    per = "day" if is_daily else "week"

    def line(name: str, figure: str, per: float = 1.0) -> Line:
        values = (figures[figure] for _, figures in found.steps)
        return Line(name, tuple(None if one is None else one / per for one in values))

    flow = (line("Arrivals", "arrivals"), line("Departures", "departures"))
    yield Plot("flow", f"What came and what was done, per {per}", "tickets", steps, flow,
               is_whole=True, strides=apart)  # fmt: skip
    left = (line("Open", "backlog"),)
    yield Plot("backlog", f"Open at the end of each {per}", "tickets", steps, left,
               is_whole=True, strides=apart)  # fmt: skip
    restore = (line("Mean", "mttr", 3600), line("90 % within", "mttr_p90", 3600))
    yield Plot(
        "restore", "Time to restore", "hours", steps, restore, suffix=f"{NB}h", strides=apart
    )
    kept = (line("Kept", "sla_met", 0.01),)
    yield Plot("slas", "SLAs met", "share of those judged", steps, kept, 0, 100,
               suffix=f"{NB}%", strides=apart)  # fmt: skip
    doubt = Band(
        "where it lies with 95 % certainty",
        line("At least", "happiness_low"),
        line("At most", "happiness_high"),
    )
    happy = (line("Quotient", "happiness"),)
    yield Plot("happiness", "Happiness quotient", _ENDS, steps, happy, -1, 1,
               strides=apart, band=doubt)  # fmt: skip


def _header(asked: Question, title: str, made_at: datetime) -> Iterator[str]:
    of = f"Team {asked.team}" if asked.team else "All teams"
    before = days(asked.first - asked.days * _DAY, asked.first - _DAY)
    written = "" if made_at - asked.as_of < _DAY / 24 else f" Written on {moment(made_at)}."
    name, period = title.split(", ")
    yield f"<header><h1>{html_text(name)}, <span>{html_text(period)}</span></h1>"
    yield f'<p class="of">{html_text(of)}</p>'
    yield (
        f'<p class="note">Compared with {before}. A day begins and ends at midnight UTC. Figures as'
        f" known on {moment(asked.as_of)}.{written}</p></header>"
    )


def _headlines(found: Gathered) -> Iterator[str]:
    yield "<h2>In figures</h2>"
    rows = []
    for one in HEADLINES:
        now, past = found.now[one.figure], found.before[one.figure]
        past = past if found.knows_before else None
        rows.append((one.name, shown(now, one.unit), shown(past, one.unit), change(now, past, one)))
    count = found.asked.days
    before = "The day before" if count == 1 else f"The {count} days before"
    yield from _table("In figures", ("Figure", "This period", before, "Change"), rows)
    yield from (f'<p class="note">{html_text(one)}</p>' for one in _remarks(found))


def _remarks(found: Gathered) -> Iterator[str]:
    now = found.now
    if not any(now[one] or found.before[one] for one in ("arrivals", "resolved", "backlog")):
        yield "The desk knows of no ticket in either period."
    elif found.began is not None and found.began > found.asked.first - found.asked.days * _DAY:
        first = days(found.began, found.began)
        yield f"Figures of the desk begin on {first}; of the time before nothing is known."
    if found.asked.as_of.date() <= found.asked.last:
        yield "This period is not over yet, and is compared with as many whole days."
    if surveys := now["surveys"]:
        low, high = (shown(now[f"happiness_{end}"], "quotient") for end in ("low", "high"))
        answers = "1 answer" if surveys == 1 else f"{surveys:,.0f} answers"
        yield (
            f"Happiness rests on {answers}; with 95 % certainty it lies between {low} and {high}."
        )
    else:
        yield "Nobody answered a survey, so nothing is known of happiness."
    if amended := now["amended"]:
        entries = "1 entry was" if amended == 1 else f"{amended:,.0f} entries were"
        yield f"{entries} corrected after being counted first."


def _course(found: Gathered) -> Iterator[str]:
    if len(found.steps) < 2:
        return
    yield "<h2>How it went</h2>"
    yield from (f'<p class="note">{html_text(one)}</p>' for one in _steps_told(found))
    yield from (_figure(plot) for plot in plots_of(found))


def _steps_told(found: Gathered) -> Iterator[str]:
    """What each point of the plots stands for, where that is not plain."""
    asked = found.asked
    if asked.step == 1:
        return
    text = "Each point is a week that begins on the day below it."
    until = min(asked.last + _DAY, asked.as_of.date())
    if rest := (until - asked.first).days % asked.step:
        text += f" The last one has only {rest} of {asked.step} days."
    yield text


def _teams(found: Gathered) -> Iterator[str]:
    if not found.teams:
        return
    yield "<h2>Teams</h2>"
    chosen = [_BY_FIGURE[name] for name in _TEAM]
    rows = [
        (team or "(no team yet)", *(shown(figures[one.figure], one.unit) for one in chosen))
        for team, figures in found.teams
        if team or any(figures[one.figure] for one in chosen)
    ]
    yield from _table("Teams", ("Team", *(one.name for one in chosen)), rows)


def _worst(found: Gathered) -> Iterator[str]:
    if not found.worst:
        return
    yield "<h2>Services with the worst experience</h2>"
    yield '<p class="note">Score, technology and sentiment go from 0 to 100; 100 is best.</p>'
    rows = [
        (
            one.name,
            f"{one.score:.0f}",
            UNKNOWN if one.technology is None else f"{one.technology:.0f}",
            UNKNOWN if one.sentiment is None else f"{one.sentiment:.0f}",
            shown(one.answers, "count"),
            shown(one.lost_minutes, "minutes"),
        )
        for one in found.worst
    ]
    yield from _table(
        "Services with the worst experience",
        ("Service", "Score", "Technology", "Sentiment", "Survey answers", "Lost time"),
        rows,
    )


def _answers(found: Gathered) -> Iterator[str]:
    if not found.answers:
        return
    yield "<h2>Reports to owners</h2>"
    yield '<p class="note">What was proposed about services, and where it stands today.</p>'
    head = ("Service", "Where it stands")
    yield from _table("Reports to owners", head, found.answers, kind="words")


def _demand(found: Gathered) -> Iterator[str]:
    if not found.demand:
        return
    yield "<h2>What people ask for that there is not</h2>"
    rows = [
        (one.what, shown(one.people, "count"), shown(one.times, "count")) for one in found.demand
    ]
    yield from _table("What people ask for", ("Asked for", "People", "Times"), rows)


def _figure(plot: Plot) -> str:
    caption = f'{html_text(plot.title)} <span class="unit">({html_text(plot.unit)})</span>'
    pictures = "".join(svg_of(plot, size) for size in (WIDE, NARROW))
    return f"<figure><figcaption>{caption}</figcaption>{pictures}{_values(plot)}</figure>"


def _values(plot: Plot) -> str:
    """Every value; where there is none the picture has said so."""
    if not plot.known:
        return ""
    rows = [
        (step, *(_number(line.values[place], plot.suffix) for line in plot.series))
        for place, step in enumerate(plot.steps)
    ]
    head = ("From", *(line.name for line in plot.series))
    table = "".join(_table(f"{plot.title}: values", head, rows))
    return f"<details><summary>The values as a table</summary>{table}</details>"


def _table(
    name: str, head: Sequence[str], rows: Iterable[Sequence[str | Change]], kind: str = "figures"
) -> Iterator[str]:
    yield f'<div class="scroll" role="region" tabindex="0" aria-label="{html_text(name)}">'
    yield f'<table class="{kind}"><thead><tr>'
    yield from (f'<th scope="col">{html_text(one)}</th>' for one in head)
    yield "</tr></thead><tbody>"
    for first, *rest in rows:
        cells = "".join(map(_cell, rest))
        yield f'<tr><th scope="row">{html_text(_text(first))}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _cell(one: str | Change) -> str:
    text = _text(one)
    judged = one.judged if isinstance(one, Change) else ""
    kind = "unknown" if text == UNKNOWN else judged
    return f'<td class="{kind}">{html_text(text)}</td>' if kind else f"<td>{html_text(text)}</td>"


def _text(one: str | Change) -> str:
    return one.told if isinstance(one, Change) else one


def _number(value: float | None, suffix: str) -> str:
    return UNKNOWN if value is None else tick(value, suffix)
