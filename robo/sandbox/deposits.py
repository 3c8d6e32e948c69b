"""Grant applications as they were deposited online: an invented procedure per skin, its form, and invented applicants.

Communes, people and numbers are made up. SIRETs have a right check digit and belong to nobody we know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from robo.sandbox.shelves import Shelf

PROCEDURES: Mapping[str, int] = {"occitanie": 31042, "guyane": 97342}
"""The number of each skin's procedure («démarche»)."""
STATES = ("en_construction", "en_instruction", "accepte", "refuse", "sans_suite")
PIECES = ("Note explicative", "Délibération", "Plan de financement", "Devis", "Attestation de non-commencement")
TEXTS = ("Opération", "Coût", "Montant demandé")
STARTED = "Travaux commencés"
FORMS: Mapping[str, Mapping[str, str]] = {
    "occitanie": {
        "Opération": "Intitulé de l'opération",
        "Coût": "Coût prévisionnel hors taxes",
        "Montant demandé": "Subvention demandée",
        STARTED: "Les travaux ont-ils commencé ?",
        "Note explicative": "Note explicative",
        "Délibération": "Délibération de l'organe délibérant",
        "Plan de financement": "Plan de financement prévisionnel",
        "Devis": "Devis descriptif détaillé",
        "Attestation de non-commencement": "Attestation de non-commencement d'exécution",
    },
    "guyane": {
        "Opération": "Nom du projet",
        "Coût": "Coût du projet (HT)",
        "Montant demandé": "Montant DETR/DSIL sollicité",
        STARTED: "Commencement d'exécution",
        "Note explicative": "Note de présentation du projet",
        "Délibération": "Délibération du conseil",
        "Plan de financement": "Plan de financement",
        "Devis": "Devis ou avant-projet",
        "Attestation de non-commencement": "Déclaration sur l'honneur de non-commencement",
    },
}
"""How the form of each procedure calls what we call by the key."""
_BEARERS: Mapping[str, tuple[str, ...]] = {
    "occitanie": ("Montbrun-la-Fictive", "Villeneuve-d'Essai", "Saint-Exemple", "Roquefeuille-le-Haut", "La Garrigue"),
    "guyane": ("Bourg-Essai", "Saut-Fictif", "Crique-Exemple", "Montagne-Pagaie", "Îlet-Modèle"),
}
_OPERATIONS = (
    "Rénovation énergétique de l'école",
    "Mise en accessibilité de la mairie",
    "Réfection du pont communal",
    "Création d'une maison de santé",
    "Réhabilitation du réseau d'eau potable",
)
_FIRST_DAY = datetime(2026, 11, 2, 8, 15, tzinfo=UTC)
_FIRST_NUMBER = 41001


def siret(n: int) -> str:
    """An invented SIRET whose check digit is right (Luhn, as INSEE gives them)."""
    body = f"9990{n:05d}0001"
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 else 1), 10)) for place, digit in enumerate(reversed(body), start=1)
    )
    return f"{body}{-total % 10}"


def completed(skin: str, reference: str, said: Mapping[str, str]) -> Mapping[str, str]:
    """What was said of a deposit, and a whole one around it. `État ensuite`: that of a dossier which somebody takes up
    once the list was read."""
    n = sum(map(ord, reference))
    bearer = _BEARERS[skin][n % len(_BEARERS[skin])]
    deposited = _FIRST_DAY + timedelta(hours=n % 200)
    whole = {
        "Démarche": str(PROCEDURES[skin]),
        "État": STATES[0],
        "État ensuite": "",
        "Porteur": f"Commune de {bearer}",
        "SIRET": siret(n),
        "Courriel": f"mairie{n}@exemple.fr",
        "Déposé le": deposited.isoformat(timespec="seconds"),
        "Opération": _OPERATIONS[n % len(_OPERATIONS)],
        "Coût": "120000.00",
        "Montant demandé": "48000.00",
        STARTED: "non",
        **{piece: f"{piece.lower().replace(' ', '-')}.pdf" for piece in PIECES},
    }
    if unknown := set(said) - set(whole):
        raise ValueError(f"a deposit says {', '.join(whole)}; not {', '.join(sorted(unknown))}")
    return {**whole, **said}


def stock(skin: str, count: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """`count` deposits to practise with; every fourth lacks something, every ninth has begun its works."""
    for n in range(count):
        reference, said = str(_FIRST_NUMBER + n), {}
        if n % 4 == 1:
            said = {PIECES[n % len(PIECES)]: "", PIECES[(n + 2) % len(PIECES)]: ""}
        if (n + 1) % 9 == 0:
            said = {STARTED: "oui"}
        yield reference, completed(skin, reference, said)


DEPOSITS = Shelf(name="depots", completed=completed, stock=stock)
