"""Who may see what: a row for every route of every service, with a letter for each reader."""

from typing import Any, NamedTuple

from tests.support.http_worlds import WEEK, WORLDS

OF_THE_PLATFORM = (
    "/", "/docs", "/docs/{file}", "/health/startup", "/health/live", "/health/ready", "/metrics",
)  # fmt: skip


# One letter for each reader: ana sue ben mia max nil olga otto odd nobody.
# + passes, f forbidden, n not found, u not signed in, - either of the two.
ALL = "+++++f++-u"


MINE, HERS = "+nn++f++-u", "n+n+nf++-u"


STAFF, STAFFS_SECRET = "fff++f++-u", "fff+nf++-u"


MEMBERS, MEMBERS_SECRET = "fff++fff-u", "fff+nfff-u"


EACH = "++++++++++"


NOBODYS, OWNERS = "nnnnnnnnnn", "ffffff++-u"
OPERATORS = "fffffff+-u"
# An item or request that nobody has: what is not a request is none for its own people either.
NONE = "nnnnnfnn-u"


NOT_ASKED, NOW = "nnnnnfnn-u", {"plan": "x", "answer": "now"}


# olga is an owner, otto an operator.
OPERATORS, ERASURE = "fffffff+-u", {"person": "nobody@desk.example", "reason": "Case 17"}
OUTCOME, DECLINED = {"outcome": "x"}, {"verdict": "declined", "text": "x"}
VERDICT = {"digest": "x"}


class Row(NamedTuple):
    """What readers get of the plain thing and of the confidential one.

    Names in braces stand for both. `shows`: those who may see the secret do see a word of it.
    """

    service: str
    route: str
    plain: str
    secret: str
    query: str = ""
    body: dict[str, Any] | None = None
    shows: bool = False

    def __str__(self) -> str:
        return f"{self.service} {self.route}{self.query}"


TICKET = "/v1/tickets/{ticket}"


ZOE = {"person": "zoe@desk.example"}


TEXT, ACCEPTED = {"text": "x"}, {"answer": "rejected", "reason": "x"}


INTO, TO = {"into": "{other}"}, {"into": "{ticket}"}


INTO_ITSELF, ITS_OWN = {"into": "{id}"}, {"tickets": ["{ticket}"]}


NEW = {"title": "New", "service": "{service}"}


UNUSED = {"about": "obsolete", "what": "{service}"}


# What is about a confidential service: to anybody else as if there were none.
HIDDEN = "nnn+nf++-u"


DRAFT = {"title": "Nobody sees records", "service": "{service}"}


JOIN = {"title": "x", "taken": "problem", "target": "{id}"}


ARTICLE = {
    "translations": [{"language": "en", "title": "New", "body": "New"}],
    "services": ["{service}"],
}


ANSWERS = "/v1/reports/systems/{service}/answers"


MEASURES, COHORTS = "GET /v1/measures", "GET /v1/cohorts"


SINCE = "?change=2026-11-10&weeks=1"


BY_HAND = "POST /v1/runbooks/{runbook}/runs"
GO_ON = "POST /v1/runbooks/{runbook}/resume"
PROMOTE = "POST /v1/runbooks/{runbook}/promote"
DEMOTE = "POST /v1/runbooks/{runbook}/demote"
BY_HAND_BODY = {
    "target": "laptop-9",
    "reason": "x",
    "attributes": {"agent_url": "http://agent.example"},
}


ROWS = [
    Row("intake", "POST /v1/tickets", ALL, ALL, body=NEW),
    Row("intake", "POST /v1/tickets:batch", ALL, ALL, body={"tickets": [NEW]}),
    Row("intake", "GET /v1/tickets", ALL, ALL, shows=True),
    Row("intake", "GET /v1/tickets", ALL, ALL, "?team={team}", shows=True),
    Row("intake", "GET /v1/tickets", ALL, ALL, "?service={service}"),
    Row("intake", f"GET {TICKET}", MINE, HERS, shows=True),
    Row("intake", f"GET {TICKET}/timeline", MINE, HERS, shows=True),
    Row("intake", f"PATCH {TICKET}", MINE, HERS, body={"impact": "high"}),
    Row("intake", f"POST {TICKET}/comments", MINE, HERS, body=TEXT),
    Row("intake", f"POST {TICKET}/start", STAFF, STAFFS_SECRET),
    Row("intake", f"POST {TICKET}/pause", STAFF, STAFFS_SECRET, body={"waiting_for": "vendor"}),
    Row("intake", f"POST {TICKET}/resume", STAFF, STAFFS_SECRET),
    Row("intake", f"POST {TICKET}/resolve", MINE, HERS, body={"resolution": "x"}),
    # Whoever asked, and nobody for them: others who may read it are told so.
    Row("intake", f"POST {TICKET}/confirm", "+nnfffff-u", "n+nfnfff-u"),
    Row("intake", f"POST {TICKET}/watch", MINE, HERS, body=ZOE),
    Row("intake", f"POST {TICKET}/unwatch", MINE, HERS, body=ZOE),
    Row("intake", f"POST {TICKET}/me-too", "fnn++f++-u", "nfn+nf++-u", body=ZOE),
    Row("intake", f"POST {TICKET}/attachments", MINE, HERS, "?name=a.json", body=TEXT),
    Row("intake", f"GET {TICKET}/attachments/{{attachment}}", MINE, HERS, shows=True),
    Row("intake", f"POST {TICKET}/take", STAFF, STAFFS_SECRET, body={}),
    Row("intake", f"POST {TICKET}/split", STAFF, STAFFS_SECRET, body={"title": "x"}),
    Row("intake", f"POST {TICKET}/problem", STAFF, STAFFS_SECRET, body={"problem": "p-vpn"}),
    Row("intake", "POST /v1/tickets/{other}/problem", STAFF, STAFF, body={"problem": "{id}"}),
    Row("intake", f"POST {TICKET}/reopen", MINE, HERS, body={"reason": "x"}),
    Row("intake", f"POST {TICKET}/close", MINE, HERS),
    Row("intake", f"POST {TICKET}/person", MINE, HERS),
    Row("intake", f"POST {TICKET}/assign", STAFF, STAFFS_SECRET, body={"team": "network"}),
    Row("intake", "POST /v1/tickets/{other}/assign", STAFF, STAFF, body={"team": "{team}"}),
    Row(
        "intake",
        "POST /v1/tickets/{other}/assign",
        STAFF,
        STAFF,
        body={"team": "{team}", "member": "x"},
    ),
    Row("intake", f"POST {TICKET}/merge", STAFF, STAFFS_SECRET, body=INTO),
    Row("intake", "POST /v1/tickets/{other}/merge", STAFF, STAFFS_SECRET, body=TO),
    Row("intake", f"POST {TICKET}/feedback", "+nnfffff-u", "n+nfnfff-u", body={"score": 5}),
    Row("intake", "POST /v1/feedback", ALL, ALL, body=UNUSED),
    Row("intake", "GET /v1/surveys/{token}", NOBODYS, NOBODYS),
    Row("intake", "POST /v1/surveys/{token}", NOBODYS, NOBODYS, body={"score": 5}),
    Row("intake", "GET /v1/follow-ups", STAFF, STAFF),
    Row("intake", "POST /v1/follow-ups/{follow_up}/done", STAFF, STAFF, body=OUTCOME),
    Row("intake", "GET /v1/demands", ALL, ALL),
    Row("intake", "POST /v1/demands/{demand}/answer", OWNERS, OWNERS, body=DECLINED),
    Row("intake", "GET /v1/live/mine", ALL, ALL),
    Row("intake", "GET /v1/live/teams/{team}", STAFF, STAFFS_SECRET),
    Row("intake", "GET /v1/live/tickets/{ticket}", MINE, HERS),
    Row("intake", "GET /v1/status", ALL, ALL, shows=True),
    Row("intake", "POST /v1/tickets/check", ALL, ALL, body=DRAFT, shows=True),
    Row("intake", "GET /v1/searches", STAFF, STAFF),
    Row("intake", "POST /v1/erasures", OPERATORS, OPERATORS, body=ERASURE),
    Row("intake", "GET /v1/contacts", ALL, ALL),
    Row("intake", "POST /v1/contacts/prevented", ALL, HIDDEN, body=JOIN),
    Row("intake", f"POST {TICKET}/article", STAFF, STAFFS_SECRET, body={"body": "x"}),
    Row("intake", "POST /v1/articles", ALL, ALL, body=ARTICLE),
    Row("intake", "GET /v1/articles", ALL, ALL, shows=True),
    Row("intake", "GET /v1/articles", STAFF, STAFF, "?audience=staff"),
    Row("intake", "GET /v1/articles/{article}", ALL, HIDDEN, shows=True),
    Row("intake", "GET /v1/articles/{article}/revisions", STAFF, STAFFS_SECRET, shows=True),
    Row("intake", "PATCH /v1/articles/{article}", STAFF, HIDDEN, body={"audience": "staff"}),
    Row("intake", "POST /v1/articles/{article}/adopt", STAFF, STAFFS_SECRET),
    Row("intake", "POST /v1/articles/{article}/retire", STAFF, HIDDEN),
    Row("intake", "POST /v1/articles/{article}/restore", STAFF, STAFFS_SECRET),
    Row("intake", "POST /v1/articles/{article}/rating", ALL, HIDDEN, body={"helped": True}),
    Row("intake", "GET /v1/status/feed", ALL, ALL, shows=True),
    Row("intake", "GET /v1/status/person", ALL, ALL, shows=True),
    Row("intake", "GET /v1/status/forecasts", ALL, ALL, shows=True),
    Row("intake", "GET /v1/catalogue", ALL, ALL),
    Row("intake", "GET /v1/catalogue/{item}", NONE, NONE),
    Row("intake", "POST /v1/catalogue/{item}/requests", NONE, NONE, body={"answers": {}}),
    Row("intake", "GET /v1/approvals", ALL, ALL),
    Row("intake", "GET /v1/requests/{ticket}", NONE, NONE),
    Row("intake", "POST /v1/requests/{ticket}/approve", NONE, NONE, body=VERDICT),
    Row("intake", "POST /v1/requests/{ticket}/deny", NONE, NONE, body=VERDICT),
    Row("intake", "POST /v1/requests/{ticket}/delegate", NONE, NONE, body=VERDICT | {"to": "x"}),
    Row("intake", "POST /v1/requests/{ticket}/cancel", NONE, NONE, body={"reason": "x"}),
    # Without sign-in for everybody; here no directory is set, so nothing is there.
    Row("intake", "POST /v1/account-recoveries", NOBODYS, NOBODYS, body={"account": "x"}),
    Row("intake", "POST /v1/account-recoveries/redeem", NOBODYS, NOBODYS, body={"token": "x"}),
    Row("intake", "POST /v1/events", "ffffffff-u", "ffffffff-u", body={}),
    # There is no chat and no webhook of that name, whoever asks.
    Row("intake", "POST /v1/chat/{chat}", "nnnnnnnnnn", "nnnnnnnnnn", body={}),
    Row("intake", "POST /v1/webhooks/{webhook}", "nnnnnnnnnn", "nnnnnnnnnn", body={}),
    Row("triage", "GET /v1/decisions/{ticket}", STAFF, STAFFS_SECRET, shows=True),
    Row("triage", "GET /v1/tickets/{ticket}/similar", STAFF, STAFFS_SECRET, shows=True),
    Row("triage", "GET /v1/signals", STAFF, STAFF, shows=True),
    Row("triage", "GET /v1/problems", STAFF, STAFF, shows=True),
    Row("triage", "GET /v1/problems/{id}/members", STAFF, STAFFS_SECRET),
    Row("triage", "POST /v1/problems/{id}/resolve", MEMBERS, MEMBERS_SECRET, body={}),
    Row("triage", "POST /v1/problems/{id}/confirm", MEMBERS, MEMBERS_SECRET, body={}),
    Row("triage", "POST /v1/problems/{id}/reject", MEMBERS, MEMBERS_SECRET, body={}),
    Row("triage", "POST /v1/problems/{id}/remove", "+nn++fff-u", "n+n+nfff-u", body=ITS_OWN),
    Row("triage", "POST /v1/problems/{id}/split", MEMBERS, MEMBERS_SECRET, body=ITS_OWN),
    Row("triage", "POST /v1/problems/{id}/merge", MEMBERS, MEMBERS_SECRET, body=INTO_ITSELF),
    Row("triage", "GET /v1/why", STAFF, STAFF, "?subject={ticket}", shows=True),
    Row("triage", "GET /v1/why", STAFF, STAFF, "?subject={service}"),
    Row("triage", "GET /v1/why", STAFF, STAFF, "?subject={device}"),
    Row("triage", "GET /v1/unheeded", STAFF, STAFF, shows=True),
    Row("automation", "GET /v1/runs", STAFF, STAFF, shows=True),
    Row("automation", "GET /v1/runs", STAFF, STAFF, "?target={device}"),
    Row("automation", "GET /v1/runs/{id}", STAFF, STAFFS_SECRET, shows=True),
    Row("automation", "GET /v1/runbooks", STAFF, STAFF, shows=True),
    # Its own team and operators: max is of another, and nil of none.
    Row("automation", BY_HAND, OPERATORS, "fff+nff+-u", body=BY_HAND_BODY),
    Row("automation", GO_ON, OPERATORS, "fff+nff+-u", body={"reason": "x"}),
    Row("automation", PROMOTE, OPERATORS, "fff+nff+-u", body={"mode": "auto", "reason": "x"}),
    Row("automation", DEMOTE, OPERATORS, "fff+nff+-u", body={"reason": "x"}),
    Row("automation", "POST /v1/runs/{id}/approve", STAFF, STAFFS_SECRET, body={"plan": "x"}),
    Row("automation", "POST /v1/runs/{id}/decline", STAFF, STAFFS_SECRET, body={"plan": "x"}),
    Row("automation", "GET /v1/consents", ALL, ALL),
    # Only the person at the device is asked, and here nobody is.
    Row("automation", "POST /v1/consents/{id}", NOT_ASKED, NOT_ASKED, body=NOW),
    Row("automation", "POST /v1/runs/{id}/stop", MEMBERS, MEMBERS_SECRET, body={}),
    Row("automation", "POST /v1/runs/{id}/take", MEMBERS, MEMBERS_SECRET, body={}),
    Row("automation", "GET /v1/devices", STAFF, STAFF, shows=True),
    Row("automation", "GET /v1/devices/{device}", STAFF, STAFFS_SECRET, shows=True),
    Row("automation", "GET /v1/healing-limits", STAFF, STAFF),
    Row("automation", "GET /v1/stop", STAFF, STAFF),
    Row("automation", "POST /v1/stop", OPERATORS, OPERATORS, body={"reason": "x"}),
    Row("automation", "POST /v1/resume", OPERATORS, OPERATORS, body={"reason": "x"}),
    Row("automation", "GET /v1/why", STAFF, STAFF, "?subject={service}"),
    Row("automation", "GET /v1/why", STAFF, STAFF, "?subject={device}"),
    Row("notify", "GET /v1/deliveries", "fff++ff+-u", "fff++ff+-u"),
    Row(
        "notify", "GET /v1/deliveries", "ffff+ff+-u", "fff+fff+-u", "?recipient={team}", shows=True
    ),
    Row("notify", "GET /v1/deliveries", "fffffff+-u", "fffffff+-u", "?recipient={person}"),
    Row("metrics", "GET /v1/tickets/{ticket}/sla", STAFF, STAFFS_SECRET),
    Row("metrics", MEASURES, STAFF, STAFF, f"?{WEEK}"),
    Row("metrics", MEASURES, STAFF, STAFF, f"?{WEEK}&by=service", shows=True),
    Row("metrics", MEASURES, STAFF, STAFF, f"?{WEEK}&by=service&format=csv", shows=True),
    Row("metrics", MEASURES, STAFF, STAFF, f"?{WEEK}&by=team&format=parquet", shows=True),
    Row("metrics", f"POST {ANSWERS}", "ffff+f+f-u", "fff+nf+f-u", body=ACCEPTED),
    Row("metrics", f"GET {ANSWERS}", STAFF, STAFFS_SECRET, shows=True),
    Row("metrics", "GET /v1/reports/systems", STAFF, STAFF, "?period=2026-W48", shows=True),
    Row("metrics", "GET /v1/experience", STAFF, STAFF, f"?{WEEK}", shows=True),
    Row("metrics", "GET /v1/experience", STAFF, STAFF, f"?{WEEK}&of=device"),
    Row("metrics", "GET /v1/experience", "ffffff++-u", "ffffff++-u", f"?{WEEK}&of=person"),
    Row("metrics", "GET /v1/report", STAFF, STAFF, f"?{WEEK}", shows=True),
    Row("metrics", "GET /v1/report", STAFF, STAFFS_SECRET, f"?{WEEK}&team={{team}}"),
    Row("metrics", "GET /v1/goals", STAFF, STAFF, shows=True),
    Row("metrics", "GET /v1/staffing", STAFF, STAFFS_SECRET, "?team={team}"),
    Row("metrics", COHORTS, STAFF, STAFF, f"{SINCE}&site=berlin&service={{service}}"),
    Row("metrics", COHORTS, "ffffff++-u", "ffffff++-u", f"{SINCE}&person={{person}}"),
    *(Row(world, f"GET {path}", EACH, EACH) for world in WORLDS for path in OF_THE_PLATFORM),
]


def fill(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text
