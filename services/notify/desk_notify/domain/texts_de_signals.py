"""What a team is told of early warnings, in German."""

from desk_shared.events.people import Severity

from desk_notify.domain.texts import Rule, Template

SEVERITIES = {
    Severity.CRITICAL: "kritisch",
    Severity.WARNING: "eine Warnung",
    Severity.INFO: "nur ein Hinweis",
}

SIGNALS = {
    Rule.TEAM_SIGNAL: Template(
        "Frühwarnung: {title}",
        (
            "Wir sehen eine Störung, bevor jemand angerufen hat: {title}.",
            "Gemessen an {subject}: {measurement} ist {value}, die Grenze ist {threshold}."
            "\nDienst: {service}"
            "\nSpürbar wird es bis: {due}",
            "Warum wir das meinen: {explanation}",
            "Wie es weitergeht: Sehen Sie es sich jetzt an. Wenn die ersten Meldungen kommen, sagen"
            " wir es Ihnen sofort.",
        ),
    ),
    Rule.TEAM_SIGNAL_ROSE: Template(
        "Frühwarnung, schlimmer geworden: {title}",
        (
            "Die Störung ist schlimmer geworden: {title}. Jetzt ist sie {severity}, vorher war sie"
            " {previous}.",
            "Gesehen an {subject}.\nDienst: {service}",
            "Warum wir das meinen: {explanation}",
            "Wie es weitergeht: Sehen Sie es sich jetzt an. Wenn die ersten Meldungen kommen, sagen"
            " wir es Ihnen sofort.",
        ),
    ),
    Rule.TEAM_SIGNAL_FELL: Template(
        "Frühwarnung, weniger schlimm: {title}",
        (
            "Die Störung ist weniger schlimm, aber nicht vorbei: {title}. Jetzt ist sie {severity},"
            " vorher war sie {previous}.",
            "Gesehen an {subject}.\nDienst: {service}",
            "Warum wir das meinen: {explanation}",
            "Wie es weitergeht: Von sich aus nichts. Wenn sie wieder schlimmer wird, sagen wir es"
            " Ihnen.",
        ),
    ),
}
