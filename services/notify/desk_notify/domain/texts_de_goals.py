"""Where goals stand, in German, and the units of their figures."""

from desk_notify.domain.texts import GoalSaying

GOALS = {
    GoalSaying.MOVING: "Wenn es so weitergeht: {forecast} im {month}, wahrscheinlich zwischen"
    " {low} und {high}; das Ziel ist {target}.",
    GoalSaying.REACHED: "In den letzten vier Wochen: {now}; das Ziel ist {target}.",
    GoalSaying.AHEAD: "Wenn es so weitergeht: {forecast} im {month}, wahrscheinlich zwischen {low}"
    " und {high}.",
    GoalSaying.MISSED: "In den vier Wochen vor dem {due}: {now} statt {target}.",
    GoalSaying.ANYTHING: "Bisher lässt sich für {month} nichts sagen als: zwischen {low} und"
    " {high}.",
    GoalSaying.FEW_WEEKS: "Seit dem Ausgangszeitraum gibt es erst zu wenige Wochen mit Zahlen.",
    GoalSaying.NO_BASELINE: "Aus dem Ausgangszeitraum gibt es noch keine Zahl, mit der verglichen"
    " werden könnte.",
    GoalSaying.NO_FIGURE: "Aus den letzten vier ganzen Wochen gibt es keine Zahl.",
    GoalSaying.MEASURING: "Der Ausgangszeitraum wird noch gemessen.",
    GoalSaying.WEAK_BASELINE: "Der Ausgangswert beruht auf {known} von {wanted} Wochen; ältere"
    " Zahlen hat der Desk nicht.",
}

UNITS = {
    "per_week": "{number} pro Woche",
    "percent": "{number} %",
    "days": "{number} Tage",
    "hours": "{number} Stunden",
    "minutes": "{number} Minuten",
    "seconds": "{number} Sekunden",
    "plain": "{number}",
}
