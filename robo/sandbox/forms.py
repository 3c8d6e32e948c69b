"""The two pages a person fills in: what each field must hold, said in French beside the field.

A form is a mapping of field key to text. Checking returns the cleaned texts and, for each field in trouble, its
message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from robo.sandbox.countries import countries

IDENTITY = ("application_reference", "last_name", "first_names", "born", "nationality", "sex")
STAY = ("motive", "entered", "address", "postcode", "town", "email", "phone")
MOTIVES = ("Salarié", "Étudiant", "Vie privée et familiale", "Visiteur", "Passeport talent")
SEXES = ("F", "M")

_OPTIONAL = ("sex", "phone")
_MAX_LENGTH = 120
_REFERENCE = re.compile(r"[\w][\w./-]{2,39}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"(\+\d{2,3}|0)[ .]?\d([ .]?\d{2}){3,4}")
_POSTCODE = re.compile(r"(0[1-9]|[1-8]\d|9[0-578])\d{3}")
_EARLIEST = date(1900, 1, 1)

Texts = dict[str, str]


def clean(text: str) -> str:
    """`text` in NFC, trimmed, runs of blanks made one."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def quoted(text: str) -> str:
    """`text` between French quotation marks, from which no line break separates it."""
    return f"«\u00a0{text}\u00a0»"


def cleaned(raw: Mapping[str, str], keys: tuple[str, ...]) -> Texts:
    """The fields of one page, cleaned; a field that was not sent is empty."""
    return {key: clean(raw.get(key, "")) for key in keys}


def check_identity(raw: Mapping[str, str], labels: Mapping[str, str], today: date) -> tuple[Texts, Texts]:
    """Page 1: `(values, messages)`."""
    values = cleaned(raw, IDENTITY)
    errors = _missing(values, labels)
    _refuse(
        errors,
        values,
        "application_reference",
        not _REFERENCE.fullmatch(values["application_reference"]),
        "La référence comporte 3 à 40 lettres, chiffres ou tirets.",
    )
    for key in ("last_name", "first_names"):
        _refuse(
            errors,
            values,
            key,
            any(sign.isdigit() for sign in values[key]),
            f"{quoted(labels[key])} ne peut pas comporter de chiffre.",
        )
    _check_date(errors, values, "born", today)
    _refuse(errors, values, "nationality", values["nationality"] not in countries(), "Choisissez un pays de la liste.")
    _refuse(errors, values, "sex", values["sex"] not in SEXES, "Choisissez une des réponses proposées.")
    return values, _in_order(errors, IDENTITY)


def check_stay(raw: Mapping[str, str], labels: Mapping[str, str], today: date, born: str) -> tuple[Texts, Texts]:
    """Page 2: `(values, messages)`; nobody enters France before `born` (ISO date)."""
    values = cleaned(raw, STAY)
    errors = _missing(values, labels)
    _refuse(errors, values, "motive", values["motive"] not in MOTIVES, "Choisissez un motif de la liste.")
    _check_date(errors, values, "entered", today)
    _refuse(errors, values, "entered", values["entered"] < born, "Cette date précède la date de naissance.")
    _refuse(
        errors,
        values,
        "postcode",
        not _POSTCODE.fullmatch(values["postcode"]),
        "Le code postal comporte cinq chiffres, par exemple 31000.",
    )
    _refuse(
        errors,
        values,
        "email",
        not _EMAIL.fullmatch(values["email"]),
        "Cette adresse n'est pas valable, par exemple prenom.nom@exemple.fr.",
    )
    _refuse(
        errors,
        values,
        "phone",
        not _PHONE.fullmatch(values["phone"]),
        "Ce numéro n'est pas valable, par exemple 05 61 00 00 00.",
    )
    return values, _in_order(errors, STAY)


def _in_order(errors: Texts, keys: tuple[str, ...]) -> Texts:
    return {key: errors[key] for key in keys if key in errors}


def _missing(values: Texts, labels: Mapping[str, str]) -> Texts:
    errors = {}
    for key, text in values.items():
        if not text and key not in _OPTIONAL:
            errors[key] = f"Renseignez le champ {quoted(labels[key])}."
        elif len(text) > _MAX_LENGTH:
            errors[key] = f"Ce champ est limité à {_MAX_LENGTH} caractères."
    return errors


def _refuse(errors: Texts, values: Texts, key: str, wrong: bool, message: str) -> None:
    """Note `message`, unless the field is empty (said elsewhere) or already in trouble."""
    if wrong and values[key] and key not in errors:
        errors[key] = message


def _check_date(errors: Texts, values: Texts, key: str, today: date) -> None:
    try:
        day = date.fromisoformat(values[key])
    except ValueError:
        _refuse(errors, values, key, True, "Cette date n'existe pas ; écrivez jour, mois et année.")
        return
    _refuse(errors, values, key, day > today, "Cette date est dans le futur.")
    _refuse(errors, values, key, day < _EARLIEST, "Cette date est trop ancienne.")
