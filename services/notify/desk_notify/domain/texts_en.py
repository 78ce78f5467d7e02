"""Every message in English."""

from desk_shared.events.automation import StepStatus
from desk_shared.events.reports import AnswerOutcome, GoalVerdict, Proposal
from desk_shared.events.sla import ClockName

from desk_notify.domain.texts import Rule, Template, Texts, Without
from desk_notify.domain.texts_en_repairs import REPAIRS
from desk_notify.domain.texts_en_signals import SEVERITIES, SIGNALS

_SEE = "See it here: {link}"
_CALL = Without("link", "If you call us, the code {code} is all we need.")

_PEOPLE = {
    Rule.RECEIVED: Template(
        "We have received your ticket {code}",
        (
            "Thank you for telling us about “{title}”. Your ticket has the code {code}.",
            "You can expect a first answer by {response_due}.",
            "Next: a team that can finish it takes it over, and we tell you which one."
            " You need not do anything.",
            _SEE,
            _CALL,
        ),
    ),
    Rule.ASSIGNED: Template(
        "Your ticket {code} is with {team}",
        (
            "The team “{team}” has your ticket {code} “{title}”.",
            "You can expect a first answer by {response_due}."
            "\nWe promise to solve it by {resolution_due}.",
            "Next: we tell you when somebody starts on it. You need not do anything.",
            _SEE,
        ),
    ),
    Rule.STARTED: Template(
        "We are working on your ticket {code}",
        (
            "Somebody in the team “{team}” is working on your ticket {code} “{title}” now.",
            "We promise to solve it by {resolution_due}.",
            "Next: we tell you when it is solved, or ask you if we need to know more.",
            _SEE,
        ),
    ),
    Rule.WAITING: Template(
        "We need an answer from you for ticket {code}",
        (
            "Your ticket {code} “{title}” waits for your answer.",
            "This is what we asked: {question}",
            Without("question", "What we need to know stands in the last comment of the ticket."),
            "Please answer by {until}.",
            "Next: as soon as you have answered, the team “{team}” goes on.",
            "Answer here: {link}",
            Without("link", "If you would rather call us, the code {code} is all we need."),
        ),
    ),
    Rule.ANSWERED: Template(
        "News on your ticket {code}",
        (
            "The team “{team}” wrote on your ticket {code} “{title}”:",
            "{text}",
            "Next: if they asked you something, please answer; otherwise they go on and tell you"
            " when it is solved.",
            "Answer here: {link}",
        ),
    ),
    Rule.RESOLVED: Template(
        "Your ticket {code} is solved",
        (
            "Your ticket {code} “{title}” is solved.",
            "What was done: {text}",
            "Next: please try it. If it works, you need not do anything.",
            "If it does not work, reopen the ticket here: {link}",
            Without(
                "link",
                "If it does not work, tell us the code {code}: we reopen the ticket, and it goes"
                " straight back to the team “{team}”.",
            ),
        ),
    ),
    Rule.REOPENED: Template(
        "Your ticket {code} is open again",
        (
            "Your ticket {code} “{title}” is open again, because it was not solved after all.",
            "Reason: {text}",
            "Next: the team “{team}” looks at it again. You need not do anything.",
            _SEE,
        ),
    ),
    Rule.MERGED: Template(
        "Your ticket {code} goes on in another one",
        (
            "Your ticket {code} “{title}” is about the same trouble as another one, so we go on"
            " there. Nothing you told us is lost.",
            "Next: when that ticket is solved, yours is too. You need not do anything.",
            _SEE,
        ),
    ),
    Rule.PROBLEM_KNOWN: Template(
        "We know about it: {title}",
        (
            "{text}",
            Without("text", "Several colleagues have the same trouble. It has one cause: {title}."),
            "The team “{team}” is working on it.",
            "Next: we tell you when it is over. You need not report it or do anything.",
        ),
    ),
    Rule.PROBLEM_OVER: Template(
        "It is over: {title}",
        (
            "{text}",
            Without("text", "The trouble “{title}” is solved."),
            "Next: please try again. If it still does not work for you, tell us or reopen your"
            " ticket; we then look at your case by itself.",
        ),
    ),
    Rule.REPAIR_BEGINS: Template(
        "We are repairing something: {title}",
        ("{text}", "Next: we tell you when it is done. You need not do anything."),
    ),
    Rule.REPAIRED: Template(
        "Repaired: {title}",
        ("{text}", "Next: nothing. If something does not work as before, please tell us."),
    ),
    Rule.REPAIR_ESCALATED: Template(
        "We are on it: {title}",
        (
            "{text}",
            Without(
                "text",
                "We noticed trouble before you had to report it, and could not repair it"
                " automatically.",
            ),
            "The team “{team}” has it now, with everything we know about it.",
            "Next: they ask you if they need something. You need not report it.",
        ),
    ),
}

_TEAMS = {
    Rule.TEAM_ASSIGNED: Template(
        "{priority} {code} is yours: {title}",
        (
            "The ticket {code} “{title}” is now with your team.",
            "From: {requester}"
            "\nPriority: {priority}"
            "\nService: {service}"
            "\nMember: {member}"
            "\nFirst answer promised by: {response_due}"
            "\nSolution promised by: {resolution_due}",
            "What they write: {text}",
            "Why it comes to you: {explanation}",
            "What we know already: {evidence}",
            "Next: start it, so that {requester} knows that somebody is on it.",
            _SEE,
        ),
    ),
    Rule.TEAM_ASSIGNED_IN_PROBLEM: Template(
        "{code} belongs to a known problem: {title}",
        (
            "The ticket {code} “{title}” is with your team and belongs to a known problem.",
            "From: {requester}\nPriority: {priority}\nService: {service}",
            "Why it comes to you: {explanation}",
            "Next: nothing for this one ticket. It is solved together with the problem.",
            _SEE,
        ),
    ),
    Rule.TEAM_REOPENED: Template(
        "{code} is open again: {title}",
        (
            "The ticket {code} “{title}” was not solved after all and is back with your team.",
            "Reason: {text}",
            "From: {requester}\nPriority: {priority}",
            "Next: look at what was tried before, then write to {requester} what you do now.",
            _SEE,
        ),
    ),
    Rule.TEAM_REPLIED: Template(
        "Answer on {code}: {title}",
        (
            "{by} wrote on the ticket {code} “{title}”:",
            "{text}",
            "Next: read it and go on; {requester} waits for you.",
            _SEE,
        ),
    ),
    Rule.TEAM_AT_RISK: Template(
        "{code} needs you, {percent}% of its time is used: {title}",
        (
            "For the ticket {code} “{title}”, {percent}% of the time for one promise is used:"
            " {clock}.",
            "Due: {due}\nFrom: {requester}\nPriority: {priority}",
            "Next: act before it is due, or write to {requester} why it takes longer.",
            _SEE,
        ),
    ),
    Rule.TEAM_BREACHED: Template(
        "Promise not kept for {code}: {title}",
        (
            "For the ticket {code} “{title}”, a promise was not kept: {clock}.",
            "It was due: {due}\nFrom: {requester}\nPriority: {priority}",
            "Next: act now, and write to {requester} by when they can expect it.",
            _SEE,
        ),
    ),
    Rule.TEAM_CORRECTED: Template(
        "Correction for {code}: {title}",
        (
            "For the ticket {code} “{title}”, we wrote that a promise was not kept: {broken}.\n"
            "For the ticket {code} “{title}”, we wrote that a promise was at risk: {at_risk}.",
            "That was not so, as facts show that reached us late.",
            "It was due: {due}\nFrom: {requester}",
            "Next: see in the ticket where this promise stands now.",
            _SEE,
        ),
    ),
    Rule.TEAM_PROBLEM: Template(
        "Known problem, yours: {title}",
        (
            "Many reports have one cause, and it is with your team: {title}.",
            "Service: {service}\nTickets so far: {tickets}\nPeople so far: {people}",
            "Why we think so: {explanation}",
            "What the people affected are told: {text}",
            "Next: remove the cause. Every ticket that belongs to it is then solved with it, and"
            " everybody affected is told.",
        ),
    ),
    Rule.TEAM_PROBLEM_OVER: Template(
        "Problem over: {title}",
        (
            "The problem “{title}” is solved: {text}",
            "Tickets solved with it: {tickets}",
            "Next: write down the cause, and what keeps it from coming back.",
        ),
    ),
    **REPAIRS,
    **SIGNALS,
    Rule.TEAM_SYSTEM: Template(
        "{service}, {period}: {proposal}",
        (
            "{service} is your team's service, and what it costs people was worked out for"
            " {period}. We propose: {proposal}.",
            "Rank: {rank} of {of}\nTime lost: {hours} hours"
            "\nContacts: {contacts} (in as long a time before: {before})",
            "Why we think so: {explanation}",
            "This was proposed in {in_a_row} reports in a row now."
            "\nNobody has answered since {since}: {unanswered} reports in a row before this one."
            "\nIt was promised for {target_date}, and the figures are no better."
            "\nThis report is escalated: the team “{escalated_to}” is told too."
            "\nThis report is {escalated}, since those before it were not answered.",
            "Next: answer it. Accept it with a plan and a day, reject it with a reason, or say that"
            " it is done (POST /v1/reports/systems/{name}/answers). Without an answer it comes"
            " again with the next report.",
        ),
    ),
    Rule.TEAM_SYSTEM_ESCALATED: Template(
        "Escalated: the reports about {service} are not answered",
        (
            "The team “{team}” answers for {service}, and has answered none of the reports about it"
            " since {since}. What we propose to them: {proposal}.",
            "Unanswered before this one: {unanswered}\nRank: {rank} of {of}\nTime lost: {hours}"
            " hours\nContacts: {contacts} (in as long a time before: {before})",
            "Why we think so: {explanation}",
            "Next: ask the team what keeps it from answering, or agree on who answers for {service}"
            " from now on.",
        ),
    ),
    Rule.TEAM_SYSTEM_OUTCOME: Template(
        "{service}: {outcome}",
        (
            "Your team said that what was proposed for {service} is done: {outcome}.",
            "Rank: {rank} of {of}\nTime lost: {hours} hours"
            "\nContacts: {contacts} (in as long a time before: {before})",
            "What we looked at: {explanation}",
            "Next: you need not answer. The report compares for four weeks; what it proposes after"
            " that is a new question.",
        ),
    ),
    Rule.TEAM_SKILL_GAP: Template(
        "Too few of your team can do this: {skill}",
        (
            "Your team is asked for a skill that rests on too few people: {skill}.",
            "Members who have it: {holders} of {members}\nTickets that asked for it: {asked}"
            "\nHanded on: {handed_on}\nPeriod: {period}",
            "Why we think so: {explanation}",
            "Next: let one more member learn it, or agree with your service owner who does it.",
        ),
    ),
    Rule.TEAM_GOAL: Template(
        "Goal {verdict}: {title}",
        (
            "Your team answers for the goal “{title}”, due by {due}. {sentence}",
            "{met_share} % of the way was due by {met_day}, and was reached."
            "\n{open_share} % of the way was due by {open_day}, and was not reached.",
            "Next: the desk looks at it again on {again}.",
            Without(
                "again",
                "Next: decide what you change so that this figure moves. The weekly report on your"
                " services says what costs people most.",
            ),
        ),
    ),
}

ENGLISH = Texts(
    templates=_PEOPLE | _TEAMS,
    clocks={
        ClockName.RESPONSE: "first answer",
        ClockName.NEXT_RESPONSE: "next answer",
        ClockName.RESOLUTION: "solution",
        ClockName.UPDATE: "news about how it goes on",
        ClockName.OWNERSHIP: "somebody acts on it",
    },
    severities=SEVERITIES,
    steps={
        StepStatus.INTENT: "begun",
        StepStatus.DONE: "done",
        StepStatus.FAILED: "failed",
        StepStatus.SKIPPED: "skipped",
        StepStatus.IN_DOUBT: "in doubt",
    },
    proposals={
        Proposal.REPAIR: "remove the cause",
        Proposal.REPLACE: "replace it",
        Proposal.RETIRE: "ask whether it is still needed, and switch it off if not",
        Proposal.UPGRADE: "bring it up to date",
        Proposal.AUTOMATE: "let people help themselves",
        Proposal.LEAVE: "nothing",
    },
    escalated="escalated",
    outcomes={
        AnswerOutcome.HELPED: "it helped",
        AnswerOutcome.WORSE: "it became worse",
        AnswerOutcome.CANNOT_TELL: "whether it helped cannot be told",
    },
    verdicts={
        GoalVerdict.REACHED: "reached",
        GoalVerdict.ON_THE_WAY: "on the way",
        GoalVerdict.WITHIN_REACH: "behind, but within reach",
        GoalVerdict.BEHIND: "behind",
        GoalVerdict.MISSED: "missed",
        GoalVerdict.TOO_EARLY: "not known yet",
        GoalVerdict.CANNOT_TELL: "cannot be told",
    },
    decimal=".",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    moment="{weekday} {day} {month}, {time} ({zone})",
    day="{day} {month} {year}",
)  # fmt: skip
