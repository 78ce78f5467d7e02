"""Mistakes in teams, services, calendars and SLAs are told where they are."""

from typing import Protocol

import pytest


class Folder(Protocol):
    def replace(self, name: str, old: str, new: str) -> None: ...
    def problems(self) -> list[str]: ...


WINTER = "{from: 2026-12-24, to: 2027-01-02, name: Winter}\n"
# file, old text, new text, the beginning of the problem, a part of its sentence
BREAKS = [
    ("teams.yaml", "name: care", "name: people", "teams.yaml:3: teams.people.name:", "employees"),
    ("teams.yaml", "Europe/Berlin", "Mars/One", "teams.yaml:5: teams.care.zone:", "time zone"),
    ("teams.yaml", "title: Care", "titel: Care", "teams.yaml:4: teams.care.titel:", "title"),
    ("teams.yaml", "    title: Care\n", "", "teams.yaml:3: teams.care.title:", "is missing"),
    ("teams.yaml", "name: care", "name: Die Care", "teams.yaml:3: teams.Die Care.name:", "small"),
    (
        "teams.yaml",
        "title: Network\n",
        "title: Network\n    aliases: [care]\n",
        "teams.yaml:9: teams.network.aliases:",
        "also called team 'care'",
    ),
    ("teams.yaml", "teams:", "team:", "teams.yaml:2: teams.team:", "not read here"),
    *(
        (
            "teams.yaml",
            "title: Care",
            f'title: Care\n    channels: ["log:", "{channel}"]',
            "teams.yaml:5: teams.care.channels[1]:",
            part,
        )
        for channel, part in (
            ("mailto:", "one @"),
            ("mailto:not-an-address", "one @"),
            ("mailto:a@b.example,c@d.example", "one @"),
            ("mailto:j\u00f6rg@desk.example", "plain letters"),
            ("mailto:help%0A@desk.example", "U+000A"),
            ("mailto:help@desk_.example", "no domain"),
        )
    ),
    ("teams.yaml", '"22:00"', '"25:00"', "teams.yaml:13: teams.network.shifts[0].from:", "HH:MM"),
    ("teams.yaml", "days: [mon]", "days: [Monday]", "teams.yaml:13: teams.network", "mon, tue"),
    ("teams.yaml", '"06:00"', '"22:00"', "teams.yaml:13: teams.network.shifts[0]:", "never open"),
    (
        "services.yaml",
        "owner: network",
        "owner: netwerk",
        "services.yaml:4: services.network.owner:",
        "did you mean 'network'",
    ),
    (
        "services.yaml",
        "criticality: 1",
        "criticality: 5",
        "services.yaml:5: services.network.criticality:",
        "at most 4",
    ),
    (
        "services.yaml",
        "criticality: 1",
        "criticality: one",
        "services.yaml:5: services.network.criticality:",
        "whole number",
    ),
    (
        "services.yaml",
        "name: vpn",
        "name: network",
        "services.yaml:6: services[1]:",
        "is there already",
    ),
    (
        "calendars.yaml",
        'mon: ["09:00-12:00", "13:00-17:00"]',
        "mon: []",
        "calendars.yaml:5: calendars.office.week:",
        "never open",
    ),
    (
        "calendars.yaml",
        "13:00-17",
        "11:00-17",
        "calendars.yaml:6: calendars.office.week.mon:",
        "overlap",
    ),
    (
        "calendars.yaml",
        "13:00-17",
        "13:00bis17",
        "calendars.yaml:6: calendars.office.week.mon[1]",
        "HH:MM-HH:MM",
    ),
    (
        "calendars.yaml",
        "country: DE",
        "country: XX",
        "calendars.yaml:7: calendars.office.holidays.country:",
        "closures",
    ),
    (
        "calendars.yaml",
        "subdivision: BE",
        "subdivision: ZZ",
        "calendars.yaml:7: calendars.office.holidays.subdivision:",
        "BW",
    ),
    (
        "calendars.yaml",
        "to: 2027-01-02",
        "to: 2026-01-02",
        "calendars.yaml:9: calendars.office.closures[0]:",
        "before it starts",
    ),
    (
        "calendars.yaml",
        "to: 2027-01-02",
        "to: 2027-02-30",
        "calendars.yaml:9: calendars.office.closures[0].to:",
        "a date like",
    ),
    (
        "calendars.yaml",
        "to: 2027-01-02",
        "to: 20270102",
        "calendars.yaml:9: calendars.office.closures[0].to:",
        "is not a date",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    yearly_closures:\n      - {from: 12-32, to: 01-03, name: W}\n",
        "calendars.yaml:11: calendars.office.yearly_closures[0].from:",
        "month and day",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    yearly_closures:\n      - {from: 02-30, to: 03-01, name: W}\n",
        "calendars.yaml:11: calendars.office.yearly_closures[0].from:",
        "like 12-24",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    yearly_closures:\n      - {from: 2026-12-24, to: 01-03, name: W}\n",
        "calendars.yaml:11: calendars.office.yearly_closures[0].from:",
        "month and day",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    yearly_closures:\n      - {from: 01-03, to: 01-02, name: W}\n",
        "calendars.yaml:11: calendars.office.yearly_closures[0]:",
        "the other way round",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    yearly_closures:\n      - {from: 12-24, until: 01-03, name: W}\n",
        "calendars.yaml:11: calendars.office.yearly_closures[0].until:",
        "until",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    special_days:\n      - {date: 2026-02-30, hours: closed, name: D}\n",
        "calendars.yaml:11: calendars.office.special_days[0].date:",
        "a date like",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    special_days:\n      - {date: 12-24, hours: closed, name: D}\n",
        "calendars.yaml:11: calendars.office.special_days[0].date:",
        "is not a date",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + '    special_days:\n      - {date: 2026-12-24, hours: ["0800"], name: D}\n',
        "calendars.yaml:11: calendars.office.special_days[0].hours[0]",
        "HH:MM",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + '    special_days:\n      - {date: 2026-12-24, hours: ["08:00-08:00"], name: D}\n',
        "calendars.yaml:11: calendars.office.special_days[0].hours[0]",
        "never open",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    special_days:\n      - {date: 2026-12-24, hours: shut, name: D}\n",
        "calendars.yaml:11: calendars.office.special_days[0].hours:",
        "list",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER + "    special_days:\n      - {date: 2026-12-24, name: D}\n",
        "calendars.yaml:11: calendars.office.special_days[0].hours:",
        "is missing",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER
        + "    special_days:\n      - {date: 2026-12-24, hour: closed, hours: closed, name: D}\n",
        "calendars.yaml:11: calendars.office.special_days[0].hour:",
        "hour",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER
        + "    special_days:\n"
        + '      - {date: 2026-12-24, hours: ["08:00-12:00", "11:00-13:00"], name: D}\n',
        "calendars.yaml:11: calendars.office.special_days[0].hours:",
        "overlap",
    ),
    (
        "calendars.yaml",
        WINTER,
        WINTER
        + "    special_days:\n      - {date: 2026-12-24, hours: closed, name: D}\n"
        + "      - {date: 2026-12-24, hours: closed, name: E}\n",
        "calendars.yaml:12: calendars.office.special_days[1].date:",
        "'D' already",
    ),
    ("slas.yaml", "8h", "1 day", "slas.yaml:12: slas.all.target:", "working day"),
    ("slas.yaml", "8h", "8", "slas.yaml:12: slas.all.target:", "no unit"),
    ("slas.yaml", "target: 8h", "target: 0h", "slas.yaml:12:", "no time"),
    (
        "slas.yaml",
        "calendar: office",
        "calendar: ofice",
        "slas.yaml:7: slas.fast.calendar:",
        "did you mean 'office'",
    ),
    (
        "slas.yaml",
        "services: [vpn]",
        "services: [vpm]",
        "slas.yaml:5: slas.fast.when.services[0]:",
        "did you mean 'vpn'",
    ),
    (
        "slas.yaml",
        "teams: [network]",
        "teams: [nobody]",
        "slas.yaml:5: slas.fast.when.teams[0]:",
        "not in teams.yaml",
    ),
    (
        "slas.yaml",
        "when: {priorities: [P1], services: [vpn], teams: [network]}",
        "when: {}",
        "slas.yaml:2: slas.fast:",
        "default: true",
    ),
    (
        "slas.yaml",
        "when: {priorities: [P1], services: [vpn], teams: [network]}",
        "default: true",
        "slas.yaml:11: slas.all.default:",
        "keep only one",
    ),
    (
        "slas.yaml",
        "default: true",
        "when: {priorities: [P2]}",
        "slas.yaml:8: slas.all:",
        "no SLA with 'default: true'",
    ),
    ("slas.yaml", "[P1]", "[P7]", "slas.yaml:5: slas.fast.when", "P1, P2, P3 or P4"),
    (
        "slas.yaml",
        "default: true",
        "default: true\n    warn_at: [75, 50]",
        "slas.yaml:8: slas.all:",
        "rising",
    ),
    (
        "calendars.yaml",
        "country: DE, subdivision: BE",
        "country: LU, subdivision: BE",
        "calendars.yaml:7: calendars.office.holidays.subdivision:",
        "LU has no subdivisions",
    ),
    (
        "slas.yaml",
        "default: true",
        "default: true\n    when: {priorities: [P2]}",
        "slas.yaml:8: slas.all:",
        "remove one of the two",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "place", "part"), BREAKS)
def test_a_break_is_told_where_it_is_and_what_to_do(
    folder: Folder, file: str, old: str, new: str, place: str, part: str
) -> None:
    folder.replace(file, old, new)
    matching = [text for text in folder.problems() if text.startswith(place) and part in text]
    assert len(matching) == 1, folder.problems()
