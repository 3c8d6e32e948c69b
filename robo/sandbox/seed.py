"""Fictional dossiers, the same in every new portal: enough of them for paging to mean something.

Names are drawn from two short lists; any likeness is chance. References begin with `2025-TS-`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

_LAST = ("Abadi", "Bianchi", "Castellane", "Dembélé", "Eriksen", "Ferreira", "Gonzalez", "Haddad", "Ivanova", "Jansen")
_FIRST = ("Amina", "Bruno", "Chiara", "Diego", "Elena", "Farid", "Grace", "Hugo", "Inès", "Jonas", "Kenza")
_COUNTRIES = ("MAR", "ITA", "FRA", "MLI", "NOR", "PRT", "COL", "LBN", "BGR", "NLD", "BRA", "CAN", "GBR")
_TOWNS = (("31000", "Toulouse"), ("34000", "Montpellier"), ("66000", "Perpignan"), ("97300", "Cayenne"))
_MOTIVES = ("Salarié", "Étudiant", "Vie privée et familiale", "Visiteur", "Passeport talent")
_STATUSES = ("Enregistré", "En instruction", "Complet", "Décision favorable")
_AGENTS = ("agent.martin", "agent.durand")
_FIRST_DAY = datetime(2025, 3, 3, 8, 30, tzinfo=UTC)

Row = tuple[str, str, str, str, str, str, str, str, float]


def seed_dossiers(count: int) -> Iterator[Row]:
    """`count` rows: number, reference, last name, first names, nationality, details, created by, status, created at."""
    for n in range(1, count + 1):
        created = _FIRST_DAY + timedelta(days=n * 3, minutes=n * 7)
        content = _content(n, created.date())
        yield (
            f"SEJ-{created:%Y}-{n:06d}",
            content["application_reference"],
            content["last_name"],
            content["first_names"],
            content["nationality"],
            json.dumps(content),
            _AGENTS[n % len(_AGENTS)],
            _STATUSES[n % len(_STATUSES)],
            created.timestamp(),
        )


def _content(n: int, filed: date) -> dict[str, str]:
    last, first = _LAST[n % len(_LAST)], _FIRST[n % len(_FIRST)]
    postcode, town = _TOWNS[n % len(_TOWNS)]
    return {
        "application_reference": f"2025-TS-{n:04d}",
        "last_name": last,
        "first_names": first,
        "born": (date(1961, 1, 15) + timedelta(days=n * 217)).isoformat(),
        "nationality": _COUNTRIES[n % len(_COUNTRIES)],
        "sex": "F" if n % 2 else "M",
        "motive": _MOTIVES[n % len(_MOTIVES)],
        "entered": (filed - timedelta(days=90 + n)).isoformat(),
        "address": f"{n} rue des Essais",
        "postcode": postcode,
        "town": town,
        "email": f"dossier{n}@exemple.test",
        "phone": f"05 00 00 00 {n:02d}",
    }
