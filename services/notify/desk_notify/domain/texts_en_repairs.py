"""What a team is told of repairs that it has to know of, in English."""

from desk_notify.domain.texts import Rule, Template

REPAIRS = {
    Rule.TEAM_REPAIR_FAILED: Template(
        "Not repaired automatically, yours now: {title}",
        (
            "The runbook “{runbook}” hands {target} over to your team: {reason}",
            "Service: {service}\nUsed by: {person}\nSite: {site}",
            "What was done:\n{evidence}",
            "It is not certain whether this was done, so look before you repeat it: {in_doubt}",
            "Next: a ticket with these facts comes to you. Go on from there; the desk does not"
            " try again.",
        ),
    ),
    Rule.TEAM_REPAIR_CORRECTED: Template(
        "Correction, repaired after all: {title}",
        (
            "We wrote that the runbook “{runbook}” hands {target} over to your team. It helped"
            " after all, as measurements show that reached us late.",
            "Service: {service}\nUsed by: {person}",
            "What was done and measured:\n{evidence}",
            "Next: nothing. The ticket with these facts is resolved, if it was still open.",
        ),
    ),
}
