"""Every message in German."""

from desk_shared.events.automation import StepStatus
from desk_shared.events.reports import AnswerOutcome, GoalVerdict, Proposal
from desk_shared.events.sla import ClockName

from desk_notify.domain.texts import Rule, Template, Texts, Without
from desk_notify.domain.texts_de_repairs import REPAIRS
from desk_notify.domain.texts_de_signals import SEVERITIES, SIGNALS

_SEE = "Hier sehen Sie es: {link}"
_CALL = Without("link", "Wenn Sie uns anrufen, genügt uns der Code {code}.")

_PEOPLE = {
    Rule.RECEIVED: Template(
        "Wir haben Ihr Ticket {code} erhalten",
        (
            "Danke, dass Sie uns „{title}“ gemeldet haben. Ihr Ticket hat den Code {code}.",
            "Eine erste Antwort bekommen Sie bis {response_due}.",
            "Wie es weitergeht: Ein Team, das es erledigen kann, übernimmt es, und wir sagen Ihnen,"
            " welches. Sie müssen nichts tun.",
            _SEE,
            _CALL,
        ),
    ),
    Rule.ASSIGNED: Template(
        "Ihr Ticket {code} ist bei {team}",
        (
            "Das Team „{team}“ hat Ihr Ticket {code} „{title}“.",
            "Eine erste Antwort bekommen Sie bis {response_due}."
            "\nWir sagen zu, es bis {resolution_due} zu lösen.",
            "Wie es weitergeht: Wir melden uns, sobald jemand daran arbeitet. Sie müssen nichts"
            " tun.",
            _SEE,
        ),
    ),
    Rule.STARTED: Template(
        "Wir arbeiten an Ihrem Ticket {code}",
        (
            "Im Team „{team}“ arbeitet jetzt jemand an Ihrem Ticket {code} „{title}“.",
            "Wir sagen zu, es bis {resolution_due} zu lösen.",
            "Wie es weitergeht: Wir melden uns, wenn es gelöst ist oder wenn wir noch etwas"
            " wissen müssen.",
            _SEE,
        ),
    ),
    Rule.WAITING: Template(
        "Wir brauchen eine Antwort von Ihnen zu Ticket {code}",
        (
            "Ihr Ticket {code} „{title}“ wartet auf Ihre Antwort.",
            "Das haben wir gefragt: {question}",
            Without("question", "Was wir wissen müssen, steht in der letzten Notiz des Tickets."),
            "Bitte antworten Sie bis {until}.",
            "Wie es weitergeht: Sobald Sie geantwortet haben, macht das Team „{team}“ weiter.",
            "Hier antworten Sie: {link}",
            Without("link", "Wenn Sie lieber anrufen, genügt uns der Code {code}."),
        ),
    ),
    Rule.ANSWERED: Template(
        "Neues zu Ihrem Ticket {code}",
        (
            "Das Team „{team}“ hat zu Ihrem Ticket {code} „{title}“ geschrieben:",
            "{text}",
            "Wie es weitergeht: Wenn Sie etwas gefragt werden, antworten Sie bitte; sonst macht"
            " das Team weiter und meldet sich, wenn es gelöst ist.",
            "Hier antworten Sie: {link}",
        ),
    ),
    Rule.RESOLVED: Template(
        "Ihr Ticket {code} ist gelöst",
        (
            "Ihr Ticket {code} „{title}“ ist gelöst.",
            "Das wurde getan: {text}",
            "Wie es weitergeht: Bitte probieren Sie es aus. Wenn es geht, müssen Sie nichts tun.",
            "Wenn es nicht geht, öffnen Sie das Ticket hier wieder: {link}",
            Without(
                "link",
                "Wenn es nicht geht, nennen Sie uns den Code {code}: Wir öffnen das Ticket wieder,"
                " und es geht sofort zurück an das Team „{team}“.",
            ),
        ),
    ),
    Rule.REOPENED: Template(
        "Ihr Ticket {code} ist wieder offen",
        (
            "Ihr Ticket {code} „{title}“ ist wieder offen, denn es war doch nicht gelöst.",
            "Grund: {text}",
            "Wie es weitergeht: Das Team „{team}“ sieht es sich noch einmal an. Sie müssen nichts"
            " tun.",
            _SEE,
        ),
    ),
    Rule.MERGED: Template(
        "Ihr Ticket {code} geht in einem anderen weiter",
        (
            "In Ihrem Ticket {code} „{title}“ geht es um dasselbe wie in einem anderen, deshalb"
            " machen wir dort weiter. Nichts, was Sie uns gesagt haben, geht verloren.",
            "Wie es weitergeht: Wenn jenes Ticket gelöst ist, ist es auch Ihres. Sie müssen nichts"
            " tun.",
            _SEE,
        ),
    ),
    Rule.PROBLEM_KNOWN: Template(
        "Wir wissen davon: {title}",
        (
            "{text}",
            Without(
                "text",
                "Mehrere Kolleginnen und Kollegen haben dieselbe Störung. Sie hat eine Ursache:"
                " {title}.",
            ),
            "Das Team „{team}“ arbeitet daran.",
            "Wie es weitergeht: Wir melden uns, wenn es vorbei ist. Sie müssen es nicht melden und"
            " nichts tun.",
        ),
    ),
    Rule.PROBLEM_OVER: Template(
        "Es ist vorbei: {title}",
        (
            "{text}",
            Without("text", "Die Störung „{title}“ ist behoben."),
            "Wie es weitergeht: Bitte versuchen Sie es noch einmal. Wenn es bei Ihnen noch immer"
            " nicht geht, sagen Sie es uns oder öffnen Sie Ihr Ticket wieder; wir sehen uns Ihren"
            " Fall dann einzeln an.",
        ),
    ),
    Rule.REPAIR_BEGINS: Template(
        "Wir reparieren etwas: {title}",
        (
            "{text}",
            "Wie es weitergeht: Wir melden uns, wenn es erledigt ist. Sie müssen nichts tun.",
        ),
    ),
    Rule.REPAIRED: Template(
        "Repariert: {title}",
        (
            "{text}",
            "Wie es weitergeht: Sie müssen nichts tun. Wenn etwas nicht geht wie zuvor, sagen Sie"
            " es uns bitte.",
        ),
    ),
    Rule.REPAIR_ESCALATED: Template(
        "Wir kümmern uns: {title}",
        (
            "{text}",
            Without(
                "text",
                "Wir haben eine Störung bemerkt, bevor Sie sie melden mussten, und konnten sie"
                " nicht automatisch beheben.",
            ),
            "Das Team „{team}“ hat es jetzt, mit allem, was wir darüber wissen.",
            "Wie es weitergeht: Das Team fragt Sie, wenn es etwas braucht. Sie müssen es nicht"
            " melden.",
        ),
    ),
}

_TEAMS = {
    Rule.TEAM_ASSIGNED: Template(
        "{priority} {code} ist bei Ihnen: {title}",
        (
            "Das Ticket {code} „{title}“ ist jetzt bei Ihrem Team.",
            "Von: {requester}"
            "\nPriorität: {priority}"
            "\nDienst: {service}"
            "\nMitglied: {member}"
            "\nErste Antwort zugesagt bis: {response_due}"
            "\nLösung zugesagt bis: {resolution_due}",
            "Was gemeldet wurde: {text}",
            "Warum es zu Ihnen kommt: {explanation}",
            "Was wir schon wissen: {evidence}",
            "Wie es weitergeht: Beginnen Sie damit, damit {requester} weiß, dass sich jemand"
            " kümmert.",
            _SEE,
        ),
    ),
    Rule.TEAM_ASSIGNED_IN_PROBLEM: Template(
        "{code} gehört zu einer bekannten Störung: {title}",
        (
            "Das Ticket {code} „{title}“ ist bei Ihrem Team und gehört zu einer bekannten Störung.",
            "Von: {requester}\nPriorität: {priority}\nDienst: {service}",
            "Warum es zu Ihnen kommt: {explanation}",
            "Wie es weitergeht: Für dieses eine Ticket ist nichts zu tun. Es wird zusammen mit der"
            " Störung gelöst.",
            _SEE,
        ),
    ),
    Rule.TEAM_REOPENED: Template(
        "{code} ist wieder offen: {title}",
        (
            "Das Ticket {code} „{title}“ war doch nicht gelöst und ist wieder bei Ihrem Team.",
            "Grund: {text}",
            "Von: {requester}\nPriorität: {priority}",
            "Wie es weitergeht: Sehen Sie sich an, was schon versucht wurde, und schreiben Sie"
            " {requester}, was Sie jetzt tun.",
            _SEE,
        ),
    ),
    Rule.TEAM_REPLIED: Template(
        "Antwort zu {code}: {title}",
        (
            "{by} hat zum Ticket {code} „{title}“ geschrieben:",
            "{text}",
            "Wie es weitergeht: Lesen Sie es und machen Sie weiter; {requester} wartet auf Sie.",
            _SEE,
        ),
    ),
    Rule.TEAM_AT_RISK: Template(
        "{code} braucht Sie, {percent} % der Zeit sind um: {title}",
        (
            "Beim Ticket {code} „{title}“ sind {percent} % der Zeit für eine Zusage um: {clock}.",
            "Fällig: {due}\nVon: {requester}\nPriorität: {priority}",
            "Wie es weitergeht: Handeln Sie, bevor es fällig ist, oder schreiben Sie {requester},"
            " warum es länger dauert.",
            _SEE,
        ),
    ),
    Rule.TEAM_BREACHED: Template(
        "Zusage nicht gehalten bei {code}: {title}",
        (
            "Beim Ticket {code} „{title}“ wurde eine Zusage nicht gehalten: {clock}.",
            "Fällig war es: {due}\nVon: {requester}\nPriorität: {priority}",
            "Wie es weitergeht: Handeln Sie jetzt, und schreiben Sie {requester}, bis wann damit zu"
            " rechnen ist.",
            _SEE,
        ),
    ),
    Rule.TEAM_CORRECTED: Template(
        "Berichtigung zu {code}: {title}",
        (
            "Zum Ticket {code} „{title}“ schrieben wir, eine Zusage sei nicht gehalten: {broken}.\n"
            "Zum Ticket {code} „{title}“ schrieben wir, eine Zusage sei in Gefahr: {at_risk}.",
            "Das war nicht so, wie Tatsachen zeigen, die uns spät erreicht haben.",
            "Fällig war es: {due}\nVon: {requester}",
            "Wie es weitergeht: Im Ticket steht, wie es um diese Zusage jetzt steht.",
            _SEE,
        ),
    ),
    Rule.TEAM_PROBLEM: Template(
        "Bekannte Störung, bei Ihnen: {title}",
        (
            "Viele Meldungen haben eine Ursache, und sie ist bei Ihrem Team: {title}.",
            "Dienst: {service}\nTickets bisher: {tickets}\nBetroffene bisher: {people}",
            "Warum wir das meinen: {explanation}",
            "Was den Betroffenen gesagt wird: {text}",
            "Wie es weitergeht: Beseitigen Sie die Ursache. Alle Tickets, die dazugehören, sind"
            " dann mit gelöst, und alle Betroffenen erfahren es.",
        ),
    ),
    Rule.TEAM_PROBLEM_OVER: Template(
        "Störung vorbei: {title}",
        (
            "Die Störung „{title}“ ist behoben: {text}",
            "Damit gelöste Tickets: {tickets}",
            "Wie es weitergeht: Schreiben Sie die Ursache auf, und was verhindert, dass sie"
            " wiederkommt.",
        ),
    ),
    **REPAIRS,
    **SIGNALS,
    Rule.TEAM_SYSTEM: Template(
        "{service}, {period}: {proposal}",
        (
            "{service} ist ein Dienst Ihres Teams, und für {period} wurde ausgerechnet, was er"
            " die Menschen kostet. Wir schlagen vor: {proposal}.",
            "Rang: {rank} von {of}\nVerlorene Zeit: {hours} Stunden"
            "\nAnfragen: {contacts} (in der gleichen Zeit davor: {before})",
            "Warum wir das meinen: {explanation}",
            "Das wurde jetzt in {in_a_row} Berichten hintereinander vorgeschlagen."
            "\nSeit {since} hat niemand geantwortet: auf {unanswered} Berichte hintereinander vor"
            " diesem."
            "\nEs war für {target_date} zugesagt, und die Zahlen sind nicht besser."
            "\nDieser Bericht ist eskaliert: Auch das Team „{escalated_to}“ erfährt davon."
            "\nDieser Bericht ist {escalated}, denn die vor ihm blieben ohne Antwort.",
            "Wie es weitergeht: Antworten Sie. Nehmen Sie an, mit Plan und Tag, lehnen Sie ab, mit"
            " einem Grund, oder sagen Sie, dass es getan ist"
            " (POST /v1/reports/systems/{name}/answers). Ohne Antwort kommt es mit dem nächsten"
            " Bericht wieder.",
        ),
    ),
    Rule.TEAM_SYSTEM_ESCALATED: Template(
        "Eskaliert: Die Berichte über {service} bleiben ohne Antwort",
        (
            "Das Team „{team}“ ist für {service} verantwortlich und hat seit {since} auf keinen"
            " Bericht darüber geantwortet. Was wir ihm vorschlagen: {proposal}.",
            "Unbeantwortet vor diesem: {unanswered}\nRang: {rank} von {of}\nVerlorene Zeit: {hours}"
            " Stunden\nAnfragen: {contacts} (in der gleichen Zeit davor: {before})",
            "Warum wir das meinen: {explanation}",
            "Wie es weitergeht: Fragen Sie das Team, was es am Antworten hindert, oder klären Sie,"
            " wer ab jetzt für {service} verantwortlich ist.",
        ),
    ),
    Rule.TEAM_SYSTEM_OUTCOME: Template(
        "{service}: {outcome}",
        (
            "Ihr Team hat gesagt, dass getan ist, was für {service} vorgeschlagen war: {outcome}.",
            "Rang: {rank} von {of}\nVerlorene Zeit: {hours} Stunden"
            "\nAnfragen: {contacts} (in der gleichen Zeit davor: {before})",
            "Was wir uns angesehen haben: {explanation}",
            "Wie es weitergeht: Sie müssen nicht antworten. Der Bericht vergleicht vier Wochen"
            " lang; was er danach vorschlägt, ist eine neue Frage.",
        ),
    ),
    Rule.TEAM_SKILL_GAP: Template(
        "Zu wenige in Ihrem Team können das: {skill}",
        (
            "Ihr Team wird nach etwas gefragt, das zu wenige können: {skill}.",
            "Mitglieder, die es können: {holders} von {members}\nTickets, die danach fragten:"
            " {asked}\nWeitergegeben: {handed_on}\nZeitraum: {period}",
            "Warum wir das meinen: {explanation}",
            "Wie es weitergeht: Lassen Sie noch jemanden es lernen, oder klären Sie mit den"
            " Verantwortlichen des Dienstes, wer es tut.",
        ),
    ),
    Rule.TEAM_GOAL: Template(
        "Ziel {verdict}: {title}",
        (
            "Ihr Team steht für das Ziel „{title}“ ein, fällig am {due}. {sentence}",
            "{met_share} % des Weges waren bis {met_day} fällig und sind geschafft."
            "\n{open_share} % des Weges waren bis {open_day} fällig und sind nicht geschafft.",
            "Wie es weitergeht: Am {again} sieht der Desk wieder nach.",
            Without(
                "again",
                "Wie es weitergeht: Entscheiden Sie, was Sie ändern, damit sich diese Zahl bewegt."
                " Der wöchentliche Bericht über Ihre Dienste sagt, was die Menschen am meisten"
                " kostet.",
            ),
        ),
    ),
}

GERMAN = Texts(
    templates=_PEOPLE | _TEAMS,
    clocks={
        ClockName.RESPONSE: "erste Antwort",
        ClockName.NEXT_RESPONSE: "nächste Antwort",
        ClockName.RESOLUTION: "Lösung",
        ClockName.UPDATE: "Nachricht, wie es weitergeht",
        ClockName.OWNERSHIP: "jemand kümmert sich",
    },
    severities=SEVERITIES,
    steps={
        StepStatus.INTENT: "begonnen",
        StepStatus.DONE: "getan",
        StepStatus.FAILED: "gescheitert",
        StepStatus.SKIPPED: "übersprungen",
        StepStatus.IN_DOUBT: "ungewiss",
    },
    proposals={
        Proposal.REPAIR: "die Ursache beseitigen",
        Proposal.REPLACE: "ersetzen",
        Proposal.RETIRE: "fragen, ob er noch gebraucht wird, und ihn sonst abschalten",
        Proposal.UPGRADE: "auf den neuesten Stand bringen",
        Proposal.AUTOMATE: "die Menschen sich selbst helfen lassen",
        Proposal.LEAVE: "nichts",
    },
    escalated="eskaliert",
    outcomes={
        AnswerOutcome.HELPED: "es hat geholfen",
        AnswerOutcome.WORSE: "es ist schlechter geworden",
        AnswerOutcome.CANNOT_TELL: "ob es geholfen hat, lässt sich nicht sagen",
    },
    verdicts={
        GoalVerdict.REACHED: "erreicht",
        GoalVerdict.ON_THE_WAY: "auf dem Weg",
        GoalVerdict.WITHIN_REACH: "im Rückstand, aber in Reichweite",
        GoalVerdict.BEHIND: "im Rückstand",
        GoalVerdict.MISSED: "verfehlt",
        GoalVerdict.TOO_EARLY: "noch nicht abzusehen",
        GoalVerdict.CANNOT_TELL: "nicht zu beurteilen",
    },
    decimal=",",
    weekdays=(
        "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag",
    ),
    months=(
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember",
    ),
    moment="{weekday}, {day}. {month}, {time} Uhr ({zone})",
    day="{day}. {month} {year}",
)  # fmt: skip
