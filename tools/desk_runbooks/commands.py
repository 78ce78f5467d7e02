"""`desk runbook` and `desk scenario`: found by the command line as entry points of automation."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from desk_charter import Charter, load_charter
from desk_charter.problems import InvalidCharter
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_charter.value_types import read_duration
from desk_cli.options import settings
from desk_cli.run_audit import read_run_log
from desk_cli.screen import TextTable, show
from desk_cli.since import read_since
from desk_contracts.errors import DependencyDown, Invalid, NotFound, Rejected
from desk_contracts.text import plain_line
from desk_platform.telemetry import configure_logs
from desk_platform.terminal import complain, say, say_json
from pydantic_core import to_json

from desk_runbooks.backtest_report import backtest, describe_backtest
from desk_runbooks.lint import Finding, find_all, findings_of
from desk_runbooks.lint_windows import find_in_windows
from desk_runbooks.past_events import read_brokers, read_file
from desk_runbooks.plan import describe_plan, example_of
from desk_runbooks.runs_api import RunbookUse, RunsClient, describe_story
from desk_runbooks.scenario import Scenario
from desk_runbooks.scenario_files import BadScenario, read_scenarios
from desk_runbooks.shadow import Shadow, describe_tally, follow
from desk_runbooks.simulation import Record, Script, play, scripts_of
from desk_runbooks.verdict import find_differences

runbook_app = typer.Typer(no_args_is_help=True, help="Check, try out and look at runbooks.")
scenario_app = typer.Typer(no_args_is_help=True, help="Faults, and twins that must not be healed.")

_CHARTER = typer.Option("--charter", help="Folder of the charter; default: DESK_CHARTER.")
_JSON = typer.Option("--json", help="The same for programs.")
_FOLDER = typer.Option(
    "--folder", help="Scenarios: a file, or a folder; default: `scenarios` beside the charter."
)
_DETAILS = typer.Option("--details", help="Also what happened, line by line, where all is well.")
_COMMENT = typer.Option("--comment", help="Why; people read it who get the run.")
Comment = Annotated[str, _COMMENT]
CharterFolder = Annotated[Path | None, _CHARTER]
AsJson = Annotated[bool, _JSON]
Folder = Annotated[Path | None, _FOLDER]
Details = Annotated[bool, _DETAILS]


@runbook_app.command("lint")
def lint(
    charter: CharterFolder = None,
    json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """What is wrong with runbooks, or hardly meant, each with file and line.

    Exit code 1 if there is an error, or with --strict a warning.
    """
    folder = charter or settings().charter
    try:
        loaded = load_charter(folder)
        in_windows = find_in_windows(loaded, folder, datetime.now(UTC))
        findings = [*find_all(loaded, folder), *in_windows]
    except InvalidCharter as invalid:
        findings = list(findings_of(invalid.problems))
    if json:
        say_json(to_json(findings).decode())
    else:
        _say_findings(findings)
    levels = {finding.level for finding in findings}
    raise typer.Exit(1 if "error" in levels or (strict and levels) else 0)


def _say_findings(findings: Iterable[Finding]) -> None:
    count = 0
    for finding in findings:
        count += 1
        say(f"{finding.file}:{finding.line}: {finding.level} {finding.rule}: {finding.sentence}")
    if not count:
        say("Nothing is wrong with the runbooks.")


@runbook_app.command("plan")
def plan(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    target: Annotated[str, typer.Argument(help="What it would act on.")],
    charter: CharterFolder = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no desk how much of the limits is used.")
    ] = False,
) -> None:
    """What RUNBOOK would do to TARGET: every call with its parameters filled in, and its limits.

    Nothing is sent to the target. The event is that of the runbook's first test that starts it.
    How much of the limits is used is asked of the desk that runs, if one answers.
    """
    loaded = _load(charter)
    example = example_of(_find(loaded, runbook), target)
    use: RunbookUse | str = "nobody was asked (--offline)"
    if not offline:
        try:
            use = RunsClient().find_use(runbook) or "the desk that runs shows you no such runbook"
        except (DependencyDown, Rejected) as why:
            use = f"nobody could be asked: {why.message}"
    say(describe_plan(loaded, example, use))


@runbook_app.command("test")
def play_runbook(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    charter: CharterFolder = None,
    folder: Folder = None,
    details: Details = False,
) -> None:
    """Play all scenarios of RUNBOOK by the real matcher and worker, on a virtual clock.

    Its own `tests:` are part of the charter's check and were run before. Exit code 1 if one fails.
    """
    loaded = _load(charter)
    _find(loaded, runbook)
    scenarios = [item for item in _read(folder) if item.runbook == runbook]
    if not scenarios:
        raise NotFound(f"There is no scenario of '{runbook}'; write one, see docs/runbooks.md.")
    _play_all(scenarios, loaded, details=details, json=False)


Since = Annotated[
    str,
    typer.Option(help="From when on: 2026-03-01T08:00:00Z, 2026-03-01, or 7d for 7 days ago."),
]


@runbook_app.command("backtest")
def backtest_runbook(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    charter: CharterFolder = None,
    file: Annotated[
        Path | None, typer.Option(help="CloudEvents in JSON Lines; default: the desk's own log.")
    ] = None,
    since: Since = "",
    json: AsJson = False,
) -> None:
    """How often RUNBOOK would have run in the past, on whom, and what would have healed anyway.

    The log goes through the real matcher, limits and locks in event time; nothing is sent. With
    --since, what was before counts for no limit.
    """
    loaded = _load(charter)
    chosen = _find(loaded, runbook)
    configure_logs("desk", "ERROR")
    begin = read_since(since, datetime.now(UTC)) if since else None
    past = asyncio.run(read_brokers(begin)) if file is None else read_file(file, begin)
    report = asyncio.run(backtest(past, loaded, chosen))
    if json:
        say_json(to_json(report).decode())
        return
    for line in describe_backtest(report):
        say(line)


@runbook_app.command("shadow")
def shadow_runbook(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    charter: CharterFolder = None,
    since: Since = "",
    lasts: Annotated[
        str, typer.Option("--for", help="So long it goes on, as 30m; default: until Ctrl-C.")
    ] = "",
) -> None:
    """Follow the log and say what RUNBOOK, as it is in the charter here, would start, and why.

    Nothing is started, and nothing is written to a topic or a store.
    """
    loaded = _load(charter)
    shadow = Shadow(loaded, _find(loaded, runbook))
    configure_logs("desk", "ERROR")
    now = datetime.now(UTC)
    begin = read_since(since, now) if since else now
    try:
        ends = read_duration(lasts) if lasts else None
        asyncio.run(follow(shadow, lambda line: say(plain_line(line)), begin, ends))
    except ValueError as error:
        raise Invalid(str(error)) from error
    except KeyboardInterrupt:
        pass  # it was asked to end
    for line in describe_tally(shadow):
        say(line)


@runbook_app.command("run")
def run_runbook(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    target: Annotated[str, typer.Argument(help="A device, or a service by its id.")],
    reason: Annotated[str, typer.Option(help="Why; it is in the log for ever.")],
    attributes: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE: what it takes from a signal's data.attributes."),
    ] = None,
) -> None:
    """Ask the desk that runs to run RUNBOOK on TARGET, without a signal.

    Its locks, limits, breaker, guards and verification hold as ever. One that suggests or wants a
    yes waits for that of somebody else; one that only observes is refused.
    """
    pairs = [text.partition("=") for text in attributes or ()]
    if wrong := [name for name, sign, _ in pairs if not (name and sign)]:
        raise Invalid(f"'--set {wrong[0]}' has no value; write --set NAME=VALUE.")
    if not reason.strip():
        raise Invalid("A reason is needed: --reason 'why it is to run now'.")
    named = {name: value for name, _, value in pairs}
    say(RunsClient().start(runbook, target, reason, named))


@runbook_app.command("show")
def show_run(
    run: Annotated[str, typer.Argument(help="Id of the run.")],
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Read the log too: is each transition there, as it was sealed?"
        ),
    ] = False,
) -> None:
    """The story of one run, from the event to the verdict: where it is and why, its journal, how
    many of its transitions are sealed, and how far the rings of its runbook are.

    With --verify exit code 1 if the log does not have them as they were sealed. Of a run whose
    record was removed the log alone is read.
    """
    client, sealed = RunsClient(), 0
    try:
        story = client.read(run)
    except NotFound as missing:
        if not verify:
            raise
        say(plain_line(missing.message))
    else:
        sealed = story.transitions
        try:
            use = client.find_use(story.runbook)
        except (DependencyDown, Rejected):
            use = None  # the story stands without it
        say(describe_story(story, use))
    if verify:
        log = asyncio.run(read_run_log())
        faults = log.faults_of(run, sealed)
        for line in (log.describe(run), *(f"{fault.kind}: {fault.text}" for fault in faults)):
            say(plain_line(line))
        raise typer.Exit(1 if faults else 0)


@runbook_app.command("resume")
def resume(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    reason: Annotated[str, typer.Option(help="Why; it is in the log for ever.")],
) -> None:
    """Let RUNBOOK go on that was stopped, since a ring was not healed or since too many targets
    showed the same: with its first ring, for members of its team and operators."""
    if not reason.strip():
        raise Invalid("A reason is needed: --reason 'why it may act again'.")
    say(RunsClient().resume(runbook, reason))


@runbook_app.command("list")
def list_runbooks() -> None:
    """The runbooks of the desk that runs: mode, breaker, and what evidence says of the next mode.

    Only those whose charter declares `promotion` have a next one.
    """
    for use in RunsClient().list_uses():
        mode = f"mode {use.mode}" if use.promotion is None else use.promotion.describe()
        withheld = f" ({use.withheld} further matches withheld)" if use.withheld else ""
        say(plain_line(f"{use.id}: breaker {use.breaker}{withheld}, {mode}"))


@runbook_app.command("promote")
def promote(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    mode: Annotated[str, typer.Argument(help="Its next mode.")],
    reason: Annotated[str, typer.Option(help="Why; it is in the log for ever.")],
) -> None:
    """Let this version of RUNBOOK act in its next mode, where the evidence is enough; for members
    of its team and operators."""
    say(RunsClient().promote(runbook, mode, reason))


@runbook_app.command("demote")
def demote(
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    reason: Annotated[str, typer.Option(help="Why; it is in the log for ever.")],
) -> None:
    """Take the promotion of RUNBOOK back: it has the mode of its charter again."""
    say(RunsClient().demote(runbook, reason))


@runbook_app.command("stop")
def stop(run: Annotated[str, typer.Argument(help="Id of the run.")], comment: Comment = "") -> None:
    """Stop a run before its next step; a call that is under way is not torn off."""
    say(RunsClient().stop(run, comment))


@runbook_app.command("take")
def take(run: Annotated[str, typer.Argument(help="Id of the run.")], comment: Comment = "") -> None:
    """Take a run over and go on by hand: it stops before its next step, and you get a ticket with
    all that was done."""
    say(RunsClient().take(run, comment))


@scenario_app.command("list")
def list_scenarios(folder: Folder = None, json: AsJson = False) -> None:
    """All scenarios: the runbook, what it shows, and the danger of its twin."""
    scenarios = _read(folder)
    if json:
        brief = [
            {"id": item.id, "runbook": item.runbook, "title": item.title, "twin": item.twin.danger}
            for item in scenarios
        ]
        say_json(to_json(brief).decode())
        return
    table = TextTable("scenario", "runbook", "what it shows", "and must not be healed if")
    for item in scenarios:
        table.add_line(item.id, item.runbook, item.title, f"{item.twin.danger}: {item.twin.title}")
    show(table)


@scenario_app.command("run")
def run_scenarios(
    names: Annotated[list[str] | None, typer.Argument(help="Their ids; default: all.")] = None,
    charter: CharterFolder = None,
    folder: Folder = None,
    details: Details = False,
    json: AsJson = False,
) -> None:
    """Play scenarios and their twins; exit code 1 if something else happens than is expected."""
    scenarios = _read(folder)
    if unknown := sorted(set(names or ()) - {item.id for item in scenarios}):
        raise NotFound(f"There is no scenario '{unknown[0]}'. `desk scenario list` names them all.")
    chosen = [item for item in scenarios if not names or item.id in names]
    _play_all(chosen, _load(charter), details=details, json=json)


def _play_all(scenarios: list[Scenario], charter: Charter, *, details: bool, json: bool) -> None:
    # What the service logs is of no use here: the record has it.
    configure_logs("desk", "ERROR")
    results = []
    for script in (script for item in scenarios for script in scripts_of(item)):
        record = play(script, charter)
        differences = list(find_differences(script, record))
        results.append({"script": script.name, "title": script.title, "differences": differences})
        if not json:
            _say_result(script, record, differences, details=details)
    failed = sum(bool(result["differences"]) for result in results)
    if json:
        say_json(to_json(results).decode())
    else:
        say(f"{len(results) - failed} of {len(results)} went as expected.")
    raise typer.Exit(1 if failed else 0)


def _say_result(script: Script, record: Record, differences: list[str], *, details: bool) -> None:
    verdict = "FAILED" if differences else "ok"
    danger = f" [{script.danger}]" if script.danger else ""
    say(f"{verdict:6} {script.name}{danger}: {script.title}")
    for difference in differences:
        say(f"         {difference}")
    if details or differences:
        table = TextTable("after", "", "target", "what", "and why, or its answer")
        for line in record.lines:
            table.add_line(line.at, line.way, line.subject, line.what, line.detail)
        show(table)


def _load(charter: Path | None) -> Charter:
    return load_charter(charter or settings().charter)


def _find(charter: Charter, id: str) -> Runbook:
    runbooks = {runbook.id: runbook for runbook in charter.of(RUNBOOKS)}
    if id not in runbooks:
        raise NotFound(f"There is no runbook '{id}'; there are {', '.join(sorted(runbooks))}.")
    return runbooks[id]


def _read(folder: Path | None) -> list[Scenario]:
    where = folder or settings().charter.resolve().parent / "scenarios"
    try:
        return read_scenarios(where)
    except BadScenario as bad:
        for problem in bad.problems:
            complain(str(problem))
        raise typer.Exit(1) from bad
