"""A small export in the form of each product goes through its mapping without a remark."""

# ruff: noqa: E501 (exports have long lines)
import json
from pathlib import Path

import pytest
from desk_contracts.events.tickets import TicketOpened
from desk_metrics.history.exports.store import load_mapping
from desk_metrics.history.model import Imported
from desk_metrics.history.path import trace_path

from tests.support.metrics_exports import csv_file, histories_of, list_types

SERVICENOW = """number,opened_at,resolved_at,closed_at,sys_updated_on,incident_state,assignment_group,\
assigned_to,caller_id,short_description,category,priority,impact,urgency,contact_type
INC1,2026-03-02 08:00:00,2026-03-02 10:00:00,2026-03-07 10:00:00,2026-03-07 10:00:00,Closed,Network,\
Ann,Bob,No VPN,network,2 - High,1 - High,2 - Medium,Self-service
INC2,2026-03-02 08:00:00,,,2026-03-02 09:00:00,On Hold,Network,,Bob,Slow,network,3 - Moderate,\
3 - Low,3 - Low,Phone
"""
LABELS = """"Number","Opened","Resolved","Closed","Updated","State","Assignment group","Priority"
"INC1","23-03-2026 08:00:00","23-03-2026 10:00:00","","23-03-2026 10:00:00","Resolved","Network","4 - Low"
"""
JIRA = """Issue key,Issue Type,Status,Priority,Reporter,Assignee,Created,Updated,Resolved,Summary
DESK-1,[System] Incident,Resolved,High,Bob,Ann,02/Mar/26 8:00 AM,02/Mar/26 1:30 PM,02/Mar/26 1:30 PM,No VPN
"""
JIRA_JSON = {
    "total": 1,
    "issues": [
        {
            "key": "DESK-1",
            "fields": {
                "created": "2026-03-02T08:00:00.000+0100",
                "resolutiondate": "2026-03-02T10:00:00.000+0100",
                "updated": "2026-03-02T10:00:00.000+0100",
                "status": {"name": "Done"},
                "priority": {"name": "Medium"},
                "issuetype": {"name": "Service Request"},
                "summary": "A new screen",
                "components": [],
            },
        }
    ],
}
ZAMMAD = [
    {
        "number": "10001",
        "created_at": "2026-03-02T08:00:00.000Z",
        "first_response_at": "2026-03-02T08:30:00.000Z",
        "close_at": "2026-03-02T10:00:00.000Z",
        "updated_at": "2026-03-02T10:00:00.000Z",
        "state": "closed",
        "group": "Service Desk",
        "owner": "-",
        "customer": "bob@example.org",
        "priority": "2 normal",
        "title": "No VPN",
        "create_article_type": "email",
    }
]
GLPI = """"ID";"Title";"Status";"Opening date";"Resolution date";"Closing date";"Priority";"Category";\
"Technician group"
"7";"No VPN";"Solved";"2026-03-02 08:00";"2026-03-02 10:00";"";"Medium";"Network > VPN";"Network"
"""
OSTICKET = """Ticket Number,Date Created,Subject,From,From Email,Priority,Department,Help Topic,Source,\
Current Status,Last Updated,Closed Date,Agent Assigned,Team Assigned
123456,2026-03-02 08:00:00,No VPN,Bob,bob@example.org,Normal,Support,VPN,Web,Closed,2026-03-02 10:00:00,\
2026-03-02 10:00:00,Ann,
"""

CASES = {
    "servicenow": ("servicenow", "a.csv", SERVICENOW, [120.0, 60.0]),
    "servicenow by label": ("servicenow", "a.csv", LABELS, [120.0]),
    "jira csv": ("jira-service-management", "a.csv", JIRA, [330.0]),
    "jira json": ("jira-service-management", "a.json", json.dumps(JIRA_JSON), [120.0]),
    "zammad": ("zammad", "a.json", json.dumps(ZAMMAD), [120.0]),
    "glpi": ("glpi", "a.csv", GLPI, [120.0]),
    "osticket": ("osticket", "a.csv", OSTICKET, [120.0]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_export_of_each_product_is_read_whole(tmp_path: Path, case: str) -> None:
    mapping, name, text, minutes = CASES[case]
    histories, run = histories_of(csv_file(tmp_path, text, name), load_mapping(mapping))
    assert run.summary.is_whole
    assert not run.summary.refused
    assert not run.summary.remarked
    assert [trace_path(events).minutes for events in histories] == minutes
    assert all(list_types(events)[0] == "opened" for events in histories)
    assert all("triaged" in list_types(events) for events in histories)


def opened(events: list[Imported]) -> TicketOpened:
    data = events[0].event.data
    assert isinstance(data, TicketOpened)
    return data


def test_what_people_wrote_comes_with_the_ticket(tmp_path: Path) -> None:
    text = (
        "number,opened_at,incident_state,short_description,description\n"
        'INC1,2026-03-02 08:00:00,New,No VPN,"Since this morning.\nThe client says ""refused""."\n'
    )
    [events], run = histories_of(csv_file(tmp_path, text), load_mapping("servicenow"))
    assert not run.summary.remarked
    assert opened(events).description == 'Since this morning.\nThe client says "refused".'


def test_a_document_in_json_is_read_as_its_text(tmp_path: Path) -> None:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "The screen is black."}]}
    [issue] = json.loads(json.dumps(JIRA_JSON))["issues"]
    issue["fields"]["description"] = {"type": "doc", "version": 1, "content": [paragraph]}
    path = csv_file(tmp_path, json.dumps({"issues": [issue]}), "issues.json")
    [events], _ = histories_of(path, load_mapping("jira-service-management"))
    assert opened(events).description == "The screen is black."
