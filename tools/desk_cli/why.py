"""`desk why`: what looked at a device, service, ticket or target, and why it did not act."""

import getpass
from typing import Annotated, TypeVar

import httpx
import typer
from desk_contracts.errors import DependencyDown, Rejected
from desk_contracts.text import plain_line
from desk_platform.http.why import UnhandledList, WhyView
from desk_platform.terminal import say, spoken_here
from pydantic import BaseModel, ValidationError

from desk_cli.options import settings

TIMEOUT_S = 10.0
M = TypeVar("M", bound=BaseModel)


def why(
    subject: Annotated[str, typer.Argument(help="A device, service, ticket id or target.")] = "",
) -> None:
    """Why something was done about SUBJECT or was not; without one, what nothing is set up for.

    Asks triage and automation (DESKCLI_TRIAGE_URL, DESKCLI_AUTOMATION_URL), signed in by
    DESKCLI_TOKEN; without a token as an operator, which only the local desk believes.
    """
    chosen = settings()
    headers: dict[str, str] = {"Accept-Language": spoken_here().language}
    if chosen.token is None:
        headers |= {"X-Desk-User": getpass.getuser(), "X-Desk-Roles": "operator"}
    else:
        headers["Authorization"] = f"Bearer {chosen.token.get_secret_value()}"
    with httpx.Client(headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
        if not subject:
            _say_unhandled(_ask(client, UnhandledList, chosen.triage_url, "unheeded"))
            return
        for name, url in (("triage", chosen.triage_url), ("automation", chosen.automation_url)):
            _say_looks(name, _ask(client, WhyView, url, "why", subject=subject))


def _ask(client: httpx.Client, form: type[M], url: str, route: str, **params: str) -> M:
    whole = f"{url.rstrip('/')}/v1/{route}"
    try:
        answer = client.get(whole, params=params)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DependencyDown(f"{whole} does not answer ({error!r}). Is the desk up?") from error
    if answer.status_code != httpx.codes.OK:
        raise Rejected(f"{whole} answered {answer.status_code}: {answer.text[:300]}")
    try:
        return form.model_validate_json(answer.content)
    except ValidationError as error:
        raise Rejected(f"{whole} did not answer as the desk does.") from error


def _say_looks(service: str, view: WhyView) -> None:
    say(f"{service}, as this replica knows it since {view.since:%Y-%m-%d %H:%M} UTC:")
    for look in view.looks:
        at = f"{look.at:%Y-%m-%d %H:%M:%S}" if look.at else "-"
        values = ", ".join(f"{name}={value}" for name, value in look.values.items() if value)
        line = f"{at}  {look.kind} {look.name}: {look.outcome}. {look.text}"
        say("  " + plain_line(f"{line} [{values}]" if values else line))
    if not view.looks:
        say(f"  nothing has looked at {plain_line(view.subject)} since then, and nothing is kept.")


def _say_unhandled(view: UnhandledList) -> None:
    say(f"Sent since {view.since:%Y-%m-%d %H:%M} UTC and nothing is set up for (one replica):")
    for sent in view.items:
        meant = f"; did you mean {sent.meant}?" if sent.meant else ""
        at = f"{sent.last_at:%Y-%m-%d %H:%M}" if sent.last_at else "-"
        line = f"{sent.kind} {sent.name}: {sent.count} times, last {at} by {sent.last_subject}"
        say("  " + plain_line(line + meant))
    if not view.items:
        say("  nothing.")
