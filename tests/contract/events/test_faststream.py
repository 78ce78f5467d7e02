"""What FastStream says of each service's subscriptions is what the desk's own document says."""

import importlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.names import CONTRIBUTIONS, TROUBLE
from desk_contracts.topics import SERVICES, Service
from desk_docs.asyncapi import asyncapi_document
from desk_platform.kafka.specification import application
from desk_testing.commands import run_module

PRIVATE = {CONTRIBUTIONS, TROUBLE}


def described(service: Service) -> dict[str, Any]:
    app = application(importlib.import_module(f"desk_{service}.service").SERVICE)
    document: dict[str, Any] = json.loads(app.schema.to_specification().to_json())
    return document


@pytest.mark.parametrize("service", SERVICES)
def test_it_receives_from_the_same_channels(service: Service) -> None:
    addresses = {item["address"] for item in described(service)["channels"].values()}
    document: Any = asyncapi_document(PAYLOADS)
    operations = document["operations"].values()
    received = {
        operation["channel"]["$ref"].rpartition("/")[2].replace("%7B", "{").replace("%7D", "}")
        for operation in operations
        if operation["action"] == "receive" and operation["tags"] == [{"name": service}]
    }
    assert addresses - PRIVATE == received


def test_its_command_line_shows_channels_and_payloads() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "faststream", "docs", "gen", "--debug", "--factory"),
            "desk_triage.service:asyncapi",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "desk.tickets" in done.stdout
    assert "TicketOpened" in done.stdout


def test_the_page_of_services_is_what_their_tables_say() -> None:
    """Run `make schemas` and commit what it wrote."""
    done = run_module("scripts.services", "check", env=os.environ)
    assert done.returncode == 0, done.stderr
