"""What people write of an outage, in three languages. None of it comes from the texts by path.

Each outage draws one trouble; a reporter draws of its sentences. Troubles of even and odd number
are two sets: one to build with, one to judge by. `apart.py` has a third one.
"""

from typing import NamedTuple

LANGUAGES = ("en", "de", "fr")


class Trouble(NamedTuple):
    """A service as people call it, and what they see when it fails, by language."""

    service: str
    names: dict[str, tuple[str, ...]]
    symptoms: dict[str, tuple[str, ...]]


OPENINGS = {
    "en": ("Hello", "Hi team", "Good morning", "Please help", "Urgent", "Since this morning", ""),
    "de": ("Hallo", "Guten Morgen", "Liebes Team", "Bitte um Hilfe", "Dringend", "Seit heute", ""),
    "fr": ("Bonjour", "Merci de votre aide", "Urgent", "Depuis ce matin", "Chers collègues", ""),
}

TROUBLES = (
    Trouble(
        "vpn",
        {"en": ("VPN", "remote access"), "de": ("VPN", "Fernzugriff"), "fr": ("VPN",)},
        {
            "en": (
                "the tunnel drops after a few seconds",
                "gateway timeout when connecting from home",
                "connection to the gateway is refused",
            ),
            "de": (
                "der Tunnel bricht nach Sekunden ab",
                "Gateway antwortet nicht, Verbindung von zuhause scheitert",
                "Verbindung zum Gateway wird abgelehnt",
            ),
            "fr": (
                "le tunnel se coupe après quelques secondes",
                "la passerelle ne répond pas depuis la maison",
                "connexion à la passerelle refusée",
            ),
        },
    ),
    Trouble(
        "mail",
        {"en": ("Outlook", "mail"), "de": ("Outlook", "E-Mail"), "fr": ("Outlook", "messagerie")},
        {
            "en": (
                "messages stay in the outbox",
                "nothing arrives in my inbox, sending hangs",
                "the outbox is full and nothing is delivered",
            ),
            "de": (
                "Nachrichten bleiben im Postausgang liegen",
                "es kommt nichts im Posteingang an, Senden hängt",
                "der Postausgang ist voll, nichts wird zugestellt",
            ),
            "fr": (
                "les messages restent dans la boîte d'envoi",
                "rien n'arrive dans ma boîte de réception, l'envoi est bloqué",
                "la boîte d'envoi est pleine, rien n'est distribué",
            ),
        },
    ),
    Trouble(
        "erp",
        {"en": ("SAP", "the ERP"), "de": ("SAP", "ERP"), "fr": ("SAP", "l'ERP")},
        {
            "en": (
                "posting ends with dump TSV_TNEW_PAGE",
                "white screen after saving an order",
                "saving fails, short dump TSV_TNEW_PAGE",
            ),
            "de": (
                "Buchen endet mit Dump TSV_TNEW_PAGE",
                "weißer Bildschirm nach dem Speichern",
                "Speichern bricht ab, Kurzdump TSV_TNEW_PAGE",
            ),
            "fr": (
                "la saisie finit par le dump TSV_TNEW_PAGE",
                "écran blanc après l'enregistrement",
                "l'enregistrement échoue, dump TSV_TNEW_PAGE",
            ),
        },
    ),
    Trouble(
        "printing",
        {"en": ("printer", "printing"), "de": ("Drucker", "Druck"), "fr": ("imprimante",)},
        {
            "en": (
                "the queue shows spooler stopped",
                "pages come out blank, spooler error",
                "jobs vanish from the queue",
            ),
            "de": (
                "die Warteschlange meldet Spooler gestoppt",
                "leere Seiten, Spooler Fehler",
                "Aufträge verschwinden aus der Warteschlange",
            ),
            "fr": (
                "la file affiche spooler arrêté",
                "des pages blanches, erreur spooler",
                "les travaux disparaissent de la file",
            ),
        },
    ),
    Trouble(
        "identity",
        {
            "en": ("single sign-on", "login portal"),
            "de": ("Anmeldeportal",),
            "fr": ("portail SSO",),
        },
        {
            "en": (
                "redirected in a loop after entering the token",
                "page says invalid relay state",
                "endless redirect, invalid relay state",
            ),
            "de": (
                "Endlosschleife nach der Token Eingabe",
                "Seite meldet invalid relay state",
                "Weiterleitung ohne Ende, invalid relay state",
            ),
            "fr": (
                "redirection en boucle après le jeton",
                "la page dit invalid relay state",
                "redirection sans fin, invalid relay state",
            ),
        },
    ),
    Trouble(
        "files",
        {"en": ("shared folder",), "de": ("Laufwerk",), "fr": ("dossier partagé",)},
        {
            "en": (
                "folders appear empty, network path not found",
                "network path was not found for drive K",
                "everything on K has disappeared",
            ),
            "de": (
                "Ordner sind leer, Netzwerkpfad nicht gefunden",
                "Netzwerkpfad von K wurde nicht gefunden",
                "alles auf K ist verschwunden",
            ),
            "fr": (
                "dossiers vides, chemin réseau introuvable",
                "chemin réseau de K introuvable",
                "tout a disparu sur K",
            ),
        },
    ),
    Trouble(
        "crm",
        {"en": ("CRM", "customer records"), "de": ("CRM", "Kundendaten"), "fr": ("CRM",)},
        {
            "en": (
                "search spins forever, error 504",
                "every page ends in error 504 bad gateway",
                "the spinner never stops, 504",
            ),
            "de": (
                "Suche dreht sich ewig, Fehler 504",
                "jede Seite endet mit Fehler 504 bad gateway",
                "der Kreisel hört nicht auf, 504",
            ),
            "fr": (
                "la recherche tourne sans fin, erreur 504",
                "chaque page finit en erreur 504 bad gateway",
                "le sablier ne s'arrête pas, 504",
            ),
        },
    ),
    Trouble(
        "video",
        {"en": ("video meetings", "Webex"), "de": ("Videokonferenz", "Webex"), "fr": ("Webex",)},
        {
            "en": (
                "participants are thrown out of the lobby",
                "no sound, everybody stuck in the lobby",
                "lobby freezes and the sound is gone",
            ),
            "de": (
                "Teilnehmer fliegen aus dem Wartebereich",
                "kein Ton, alle hängen im Wartebereich",
                "Wartebereich friert ein, der Ton fehlt",
            ),
            "fr": (
                "les participants sont éjectés du salon d'attente",
                "pas de son, tous bloqués dans le salon d'attente",
                "le salon d'attente se fige, plus de son",
            ),
        },
    ),
    Trouble(
        "wifi",
        {"en": ("WLAN", "wifi"), "de": ("WLAN", "Funknetz"), "fr": ("wifi",)},
        {
            "en": (
                "no address is assigned, yellow triangle",
                "laptop says limited, yellow triangle, no address",
                "devices lose their address every minute",
            ),
            "de": (
                "keine Adresse zugewiesen, gelbes Dreieck",
                "Anzeige eingeschränkt, gelbes Dreieck, keine Adresse",
                "Geräte verlieren jede Minute die Adresse",
            ),
            "fr": (
                "aucune adresse attribuée, triangle jaune",
                "connexion limitée, triangle jaune, pas d'adresse",
                "les appareils perdent leur adresse chaque minute",
            ),
        },
    ),
    Trouble(
        "payroll",
        {
            "en": ("payslip portal",),
            "de": ("Gehaltsportal", "Zeiterfassung"),
            "fr": ("portail paie",),
        },
        {
            "en": (
                "booked hours are zero since the update",
                "all hours show zero, balance wiped",
                "my balance was wiped overnight",
            ),
            "de": (
                "gebuchte Stunden stehen auf null",
                "alle Stunden null, Saldo gelöscht",
                "mein Saldo ist über Nacht gelöscht",
            ),
            "fr": (
                "les heures saisies sont à zéro",
                "toutes les heures à zéro, solde effacé",
                "mon solde a été effacé cette nuit",
            ),
        },
    ),
)
