"""What a team is told of early warnings, in English."""

from desk_shared.events.people import Severity

from desk_notify.domain.texts import Rule, Template

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.WARNING: "a warning",
    Severity.INFO: "only for information",
}

SIGNALS = {
    Rule.TEAM_SIGNAL: Template(
        "Early warning: {title}",
        (
            "We see trouble before anybody has called: {title}.",
            "Measured at {subject}: {measurement} is {value}, the limit is {threshold}."
            "\nService: {service}"
            "\nIt will hurt by: {due}",
            "Why we think so: {explanation}",
            "Next: look at it now. If people begin to report it, we tell you at once.",
        ),
    ),
    Rule.TEAM_SIGNAL_ROSE: Template(
        "Early warning, worse: {title}",
        (
            "The trouble has become worse: {title}. It is {severity} now; it was {previous}.",
            "Seen at {subject}.\nService: {service}",
            "Why we think so: {explanation}",
            "Next: look at it now. If people begin to report it, we tell you at once.",
        ),
    ),
    Rule.TEAM_SIGNAL_FELL: Template(
        "Early warning, less bad: {title}",
        (
            "The trouble is less bad, but not over: {title}. It is {severity} now; it was"
            " {previous}.",
            "Seen at {subject}.\nService: {service}",
            "Why we think so: {explanation}",
            "Next: nothing by itself. If it becomes worse again, we tell you.",
        ),
    ),
}
