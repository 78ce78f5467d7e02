"""Troubles of which each language speaks with hardly a word in common with the others.

These are to build with, never to judge by.
"""

from desk_bench.outages.phrases import Trouble

APART = (
    Trouble(
        "telephony",
        {
            "en": ("softphone", "desk phone"),
            "de": ("Telefon", "Telefonanlage"),
            "fr": ("téléphone",),
        },
        {
            "en": (
                "calls are cut after a minute",
                "no dial tone on any handset",
                "callers hear only silence",
            ),
            "de": (
                "Gespräche brechen nach einer Minute ab",
                "kein Freizeichen am Hörer",
                "Anrufer hören nur Stille",
            ),
            "fr": (
                "les appels se coupent au bout d'une minute",
                "aucune tonalité sur les combinés",
                "les appelants n'entendent rien",
            ),
        },
    ),
    Trouble(
        "laptop",
        {
            "en": ("laptop", "notebook"),
            "de": ("Notebook", "Rechner"),
            "fr": ("ordinateur portable",),
        },
        {
            "en": (
                "blue screen after the nightly patch",
                "restarts by itself every ten minutes",
                "stuck at the logo when booting",
            ),
            "de": (
                "Bluescreen nach dem nächtlichen Patch",
                "startet alle zehn Minuten von selbst neu",
                "bleibt beim Hochfahren am Logo stehen",
            ),
            "fr": (
                "écran bleu après la mise à jour de nuit",
                "redémarre tout seul toutes les dix minutes",
                "reste figé sur le logo au démarrage",
            ),
        },
    ),
    Trouble(
        "meeting-rooms",
        {
            "en": ("meeting room", "projector"),
            "de": ("Besprechungsraum", "Beamer"),
            "fr": ("salle de réunion",),
        },
        {
            "en": (
                "the panel at the door shows every slot as taken",
                "booking disappears seconds after it is made",
                "nobody can reserve anything on floor two",
            ),
            "de": (
                "das Schild an der Tür zeigt alles belegt",
                "Buchung verschwindet nach Sekunden",
                "auf Etage zwei lässt sich nichts reservieren",
            ),
            "fr": (
                "l'afficheur de la porte indique tout occupé",
                "la réservation disparaît aussitôt",
                "impossible de réserver au deuxième étage",
            ),
        },
    ),
    Trouble(
        "network",
        {"en": ("network", "internet"), "de": ("Netzwerk", "Internet"), "fr": ("réseau",)},
        {
            "en": (
                "web pages load for minutes",
                "downloads crawl at a few kilobytes",
                "certificate warning on each site",
            ),
            "de": (
                "Webseiten laden minutenlang",
                "Downloads kriechen mit wenigen Kilobyte",
                "Zertifikatswarnung auf jeder Seite",
            ),
            "fr": (
                "les pages mettent des minutes à charger",
                "téléchargements très lents, quelques kilooctets",
                "avertissement de certificat sur chaque site",
            ),
        },
    ),
    Trouble(
        "software",
        {
            "en": ("licence server", "CAD"),
            "de": ("Lizenzserver", "CAD"),
            "fr": ("serveur de licences", "CAO"),
        },
        {
            "en": (
                "no free seat although nobody works",
                "checkout of a seat fails with code 15",
                "tool closes because the lease expired",
            ),
            "de": (
                "kein freier Platz obwohl niemand arbeitet",
                "Ausleihe scheitert mit Code 15",
                "Programm schließt sich, Zuteilung abgelaufen",
            ),
            "fr": (
                "aucune place libre alors que personne ne travaille",
                "l'emprunt échoue avec le code 15",
                "l'outil se ferme, bail expiré",
            ),
        },
    ),
    Trouble(
        "badge",
        {
            "en": ("badge reader", "access card"),
            "de": ("Ausweisleser", "Zugangskarte"),
            "fr": ("lecteur de badge",),
        },
        {
            "en": (
                "turnstile blinks red for everybody",
                "cannot enter the building, gate stays shut",
                "card is rejected at the barrier",
            ),
            "de": (
                "Drehkreuz blinkt bei allen rot",
                "komme nicht ins Gebäude, Schranke bleibt zu",
                "Karte wird an der Schranke abgelehnt",
            ),
            "fr": (
                "le tourniquet clignote en rouge pour tous",
                "impossible d'entrer dans le bâtiment",
                "carte rejetée à la barrière",
            ),
        },
    ),
    Trouble(
        "scanning",
        {
            "en": ("scanner", "print server"),
            "de": ("Scanner", "Drucker"),
            "fr": ("scanneur", "imprimante"),
        },
        {
            "en": (
                "sheets jam although the tray is empty",
                "scanned pages never reach my mailbox",
                "device wants a PIN nobody has",
            ),
            "de": (
                "Papier staut sich obwohl das Fach leer ist",
                "gescannte Seiten kommen nie an",
                "Gerät verlangt eine PIN, die niemand kennt",
            ),
            "fr": (
                "bourrage papier alors que le bac est vide",
                "les pages numérisées n'arrivent jamais",
                "l'appareil demande un code inconnu",
            ),
        },
    ),
)
