"""What a team is told of repairs that it has to know of, in German."""

from desk_notify.domain.texts import Rule, Template

REPAIRS = {
    Rule.TEAM_REPAIR_FAILED: Template(
        "Nicht automatisch repariert, jetzt bei Ihnen: {title}",
        (
            "Das Runbook „{runbook}“ übergibt {target} an Ihr Team: {reason}",
            "Dienst: {service}\nBenutzt von: {person}\nStandort: {site}",
            "Was getan wurde:\n{evidence}",
            "Ob dies geschehen ist, ist nicht sicher, also sehen Sie nach, bevor Sie es"
            " wiederholen: {in_doubt}",
            "Wie es weitergeht: Ein Ticket mit diesen Angaben kommt zu Ihnen. Machen Sie dort"
            " weiter; der Desk versucht es nicht noch einmal.",
        ),
    ),
    Rule.TEAM_REPAIR_CORRECTED: Template(
        "Berichtigung, doch repariert: {title}",
        (
            "Wir schrieben, das Runbook „{runbook}“ übergebe {target} an Ihr Team. Es hat doch"
            " geholfen, wie Messungen zeigen, die uns spät erreicht haben.",
            "Dienst: {service}\nBenutzt von: {person}",
            "Was getan und gemessen wurde:\n{evidence}",
            "Wie es weitergeht: Sie müssen nichts tun. Das Ticket mit diesen Angaben ist gelöst,"
            " falls es noch offen war.",
        ),
    ),
}
