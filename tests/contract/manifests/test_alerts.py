"""Alerts name metrics that exist and pages that explain them; promtool plays them where it is."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.monitoring import MONITORING, ROOT, WORDS, exported, labels, words
from tests.support.prometheus import play_rules


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_names_only_what_the_services_export(rule: dict[str, Any]) -> None:
    recorded = {item["record"] for item in rules() if "record" in item}
    assert words(rule["expr"]) - WORDS - labels() - recorded <= exported()


def test_a_metric_that_does_not_exist_would_be_noticed() -> None:
    assert not words("sum(rate(desk_dead_letter_total[5m])) > 0") - WORDS <= exported()


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_and_where_to_read_on(alert: dict[str, Any]) -> None:
    page, _, section = alert["annotations"]["runbook_url"].partition("#")
    assert page == "https://docs.desk.example/operations"
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (\S+)$", text, re.MULTILINE)
    assert section in {heading.lower() for heading in headings}
    assert section == alert["alert"].lower()
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["labels"]["severity"] in {"critical", "warning"}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_looks_at_one_namespace_only(rule: dict[str, Any]) -> None:
    bare = re.sub(r"\b(by|on|group_left) \([^)]*\)|desk:slo_allowance", "", rule["expr"])
    selector = r"(?<![\w\"{,])((?:desk|messaging|http|keda)[\w:]*|up\b)(\{[^}]*\})?"
    for name, matchers in re.findall(selector, bare):
        assert re.search(r'namespace="desk"', matchers), name


def test_the_common_stacks_find_them() -> None:
    for file in ("rules.yaml", "scraping.yaml"):
        document = yaml.safe_load((MONITORING / file).read_text(encoding="utf-8"))
        labels_given = document["metadata"]["labels"]
        assert labels_given["release"] == "kube-prometheus-stack"
        assert labels_given["prometheus"] == "k8s"


def test_every_alert_is_played_by_a_test() -> None:
    text = (MONITORING / "rules.test.yaml").read_text(encoding="utf-8")
    text += Path(__file__).with_name("test_outages.py").read_text(encoding="utf-8")
    assert [alert["alert"] for alert in alerts() if alert["alert"] not in text] == []


def test_alerts_fire_and_stay_silent_as_they_should(tmp_path: Path) -> None:
    play_rules(MONITORING / "rules.yaml", MONITORING / "rules.test.yaml", tmp_path)
