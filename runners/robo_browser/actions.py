"""The actions of this runner, each declared once: validation, help and the reference come from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robo.sdk.action import ActionSpec, Each, Params
from robo.sdk.values import Effect
from robo_browser.parameters import (
    ButtonParams,
    CheckParams,
    ClickParams,
    DatesParams,
    DownloadParams,
    FieldsParams,
    FilesParams,
    FillRowsParams,
    FindRowParams,
    LoginParams,
    OpenParams,
    PdfParams,
    PressParams,
    ReadParams,
    RowsParams,
    ScreenshotParams,
    WaitParams,
)


def _spec(name: str, params: type[Params], effect: Effect, summary: str, example: str, **more: Any) -> ActionSpec:
    full = f"browser.{name}"
    return ActionSpec(name=full, params=params, effect=effect, summary=summary, example=f"{full}: {example}", **more)


_FILE = {
    "file": "the file's path",
    "name": "what it is called",
    "size": "its size in bytes",
    "digest": "its SHA-256",
}

_SPECS = (
    _spec(
        "open",
        OpenParams,
        Effect.READ,
        "Go to a page of a declared host.",
        "${{ inputs.portal }}/demandes/nouvelle",
        primary="url",
        opens=True,
        timeout=30.0,
    ),
    _spec(
        "login",
        LoginParams,
        Effect.READ,
        "Sign in. The secret is typed on a declared host only; refused once, it is never tried again.",
        '{at: "${{ inputs.portal }}/connexion", secret: portal, username: Identifiant, password: Mot de passe, '
        "button: Se connecter, wrong: Identifiants incorrects}",
        opens=True,
        signs_in=True,
        timeout=30.0,
    ),
    _spec(
        "fill",
        FieldsParams,
        Effect.LOCAL,
        "Enter values into fields, and read them back.",
        '{Nom: "${{ item.last }}", Date de naissance: "${{ item.born }}"}',
        primary="fields",
        open_mapping=True,
        entry=True,
    ),
    _spec(
        "select",
        FieldsParams,
        Effect.LOCAL,
        "Choose from lists by the text a person sees, or by the value behind it.",
        "{Nationalité: \"${{ item.country | table('pays') }}\"}",
        primary="fields",
        open_mapping=True,
        entry=True,
    ),
    _spec(
        "check",
        CheckParams,
        Effect.LOCAL,
        "Tick boxes, or choose one button of a group.",
        "Je certifie l'exactitude des informations saisies",
        primary="fields",
        open_mapping=True,
        entry=True,
    ),
    _spec(
        "fill_rows",
        FillRowsParams,
        Effect.LOCAL,
        "Enter a line of a grid for each row, and read every cell back. Lines that hold something are left alone.",
        '{rows: "${{ lines.rows }}", columns: {Compte: "${{ row.account }}", Montant: "${{ row.amount }}"}, '
        "add: {button: Ajouter une ligne}}",
        each=Each(rows="rows", columns="columns", lines="lines"),
        results={"count": "how many lines were entered"},
        timeout=120.0,
    ),
    _spec(
        "pick_date",
        DatesParams,
        Effect.LOCAL,
        "Choose a day in a calendar that the page draws: opened, turned by months and years, read back.",
        '{Date du rendez-vous: "${{ run.date | add_days(30) }}"}',
        primary="fields",
        open_mapping=True,
        timeout=30.0,
    ),
    _spec(
        "upload",
        FilesParams,
        Effect.LOCAL,
        "Give files to fields for files, hidden ones and zones to drop them on included; read back by their names.",
        '{Justificatif: "${{ attestation.file }}"}',
        primary="fields",
        open_mapping=True,
        timeout=60.0,
    ),
    _spec(
        "click",
        ClickParams,
        Effect.LOCAL,
        "Click on what neither saves nor sends anything.",
        "Afficher le détail",
        primary="target",
    ),
    _spec(
        "press",
        PressParams,
        Effect.LOCAL,
        "Press a key, in a field when `on` names one.",
        "{key: Tab, on: Nom}",
        primary="key",
    ),
    _spec(
        "next",
        ButtonParams,
        Effect.DRAFT,
        "Go on to the next page of a form; what it saves is a draft.",
        "Suivant",
        primary="target",
    ),
    _spec(
        "submit",
        ButtonParams,
        Effect.SUBMIT,
        "Press the button that files. Needs `once`.",
        "Enregistrer la demande",
        primary="target",
    ),
    _spec(
        "read",
        ReadParams,
        Effect.READ,
        "Read values: a field's, what stands beside a label, or a text.",
        "{number: N° dossier}",
        primary="reads",
        open_mapping=True,
        result_param="reads",
    ),
    _spec(
        "find_row",
        FindRowParams,
        Effect.READ,
        "Search a list for one row: found, absent (seen to be), or cannot tell.",
        '{at: "${{ inputs.portal }}/recherche", search: {Référence: "${{ item.number }}"}, button: Rechercher, '
        'where: {Référence: "${{ item.number }}"}, next: Page suivante, empty: Aucun dossier, '
        "read: {number: N° dossier}}",
        opens=True,
        finder=True,
        result_param="read",
        timeout=30.0,
    ),
    _spec(
        "rows",
        RowsParams,
        Effect.READ,
        "All rows of a list, page after page: whole, or a failure that says what is missing.",
        '{at: "${{ inputs.portal }}/rendez-vous", read: {number: N°, day: {label: Date, type: date}}, '
        "next: Page suivante, empty: Aucun rendez-vous}",
        source=True,
        fields_param="columns",
        results={"rows": "the rows in their order, each with what `read` names", "count": "how many"},
        timeout=120.0,
    ),
    _spec(
        "expect",
        WaitParams,
        Effect.READ,
        "What must be seen on the page, or the item fails.",
        "{heading: Tableau de bord}",
        primary="target",
    ),
    _spec(
        "wait_for",
        WaitParams,
        Effect.READ,
        "Wait until something is seen; for what takes longer than a page.",
        "{text: Traitement terminé}",
        primary="target",
        timeout=60.0,
    ),
    _spec(
        "download",
        DownloadParams,
        Effect.READ,
        "Click, and await the file that this starts, in a private folder that lives as long as the item is worked on.",
        '{target: {link: Télécharger}, name: "attestation-${{ item.number }}.pdf"}',
        primary="target",
        results=_FILE,
        timeout=60.0,
    ),
    _spec(
        "pdf",
        PdfParams,
        Effect.READ,
        "Keep the page as a PDF file, in a private folder that lives as long as the item is worked on.",
        "recepisse",
        primary="name",
        results=_FILE,
        timeout=30.0,
    ),
    _spec(
        "screenshot",
        ScreenshotParams,
        Effect.READ,
        "Keep a picture of the page in the session's folder; secrets are covered.",
        "recapitulatif",
        primary="name",
        results={"file": "the picture's path"},
    ),
)

ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in _SPECS}
